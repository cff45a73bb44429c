import * as tf from "@tensorflow/tfjs";
import { runKernel } from "../tape/engine.js";
import { gradient, zeros } from "./gradient.js";
import { largest, outside, type WindowAxis, windows } from "./windows.js";

type Attributes = Record<string, unknown>;
type AxesOf = (shape: readonly number[], attributes: Attributes) => WindowAxis[];

/**
 * Poolings and dilations by windows. The gradient of the mean is linear; that of the largest element
 * is too, as long as that element stays the largest.
 */
export const pooling: readonly tf.GradConfig[] = [
  ...meanGradients(tf.AvgPool, tf.AvgPoolGrad, axesOf2d),
  ...meanGradients(tf.AvgPool3D, tf.AvgPool3DGrad, axesOf3d),
  maxGradient(tf.MaxPoolGrad, axesOf2d),
  maxGradient(tf.MaxPool3DGrad, axesOf3d),
  gradient<Attributes>({
    kernelName: tf.MaxPoolWithArgmax,
    inputs: ["x"],
    outputs: [true],
    of: (dy, saved, attributes) => ({
      x: () => {
        const [input, output] = saved as [tf.Tensor, tf.Tensor];
        return runKernel(tf.MaxPoolGrad, { dy, input, output }, attributes);
      },
    }),
  }),
  gradient<Attributes>({
    kernelName: tf.Dilation2DBackpropInput,
    inputs: ["x", "filter"],
    of: (ddx, saved, attributes) => {
      const { axes, chosen } = dilation(saved, attributes);
      return dilationGradient(saved, () => tf.sum(tf.mul(chosen, windows(ddx, axes, 0)), -1));
    },
  }),
  gradient<Attributes>({
    kernelName: tf.Dilation2DBackpropFilter,
    inputs: ["x", "filter"],
    of: (ddFilter, saved, attributes) => {
      const { chosen } = dilation(saved, attributes);
      return dilationGradient(saved, () => tf.sum(tf.mul(chosen, byChannel(ddFilter)), -1));
    },
  }),
];

/** The gradient of a mean over windows, and that gradient's. */
function meanGradients(forward: string, backward: string, axesOf: AxesOf): tf.GradConfig[] {
  return [
    gradient<Attributes>({
      kernelName: forward,
      inputs: ["x"],
      of: (dy, saved, attributes) => ({
        x: () => {
          const [x] = saved as [tf.Tensor];
          const axes = axesOf(x.shape, attributes);
          const paddings = outside(x.shape, axes);
          if (paddings.flat().every((count) => count === 0)) {
            return runKernel(backward, { dy, input: x }, attributes);
          }
          // The kernel in JavaScript counts padding as elements of a mean: it is given none.
          const { filterSize, strides } = attributes;
          const input = tf.pad(x, paddings);
          const weights = tf.mul(dy, sizeOverCount(x.shape, axes));
          const whole = { filterSize, strides, pad: "valid" };
          const dx = runKernel(backward, { dy: weights, input }, whole);
          return tf.slice(
            dx,
            paddings.map(([before]) => before),
            x.shape,
          );
        },
      }),
    }),
    gradient<Attributes>({
      kernelName: backward,
      inputs: ["input"],
      of: (ddx, saved, attributes) => ({
        dy: () => runKernel(forward, { x: ddx }, attributes),
        input: () => zeros(saved[0] as tf.Tensor),
      }),
    }),
  ];
}

/** The elements of each window over those that are no padding: `[1, ...counts, 1]`. */
function sizeOverCount(shape: readonly number[], axes: readonly WindowAxis[]): tf.Tensor {
  const perAxis = axes.map(({ before, count, size, stride }, i) => {
    const length = shape[i + 1] as number;
    const shares = Array.from({ length: count }, (_, window) => {
      const start = window * stride - before;
      return size / (Math.min(start + size, length) - Math.max(start, 0));
    });
    const place = [1, ...axes.map((_, j) => (j === i ? count : 1)), 1];
    return tf.tensor(shares, place, "float32");
  });
  return perAxis.reduce((product, shares) => tf.mul(product, shares));
}

function maxGradient(kernelName: string, axesOf: AxesOf): tf.GradConfig {
  return gradient<Attributes>({
    kernelName,
    inputs: ["input", "output"],
    of: (ddx, saved, attributes) => {
      const [input, output] = saved as [tf.Tensor, tf.Tensor];
      return {
        dy: () => {
          const axes = axesOf(input.shape, attributes);
          const chosen = largest(windows(input, axes, Number.NEGATIVE_INFINITY));
          return tf.sum(tf.mul(chosen, windows(ddx, axes, 0)), -1);
        },
        input: () => zeros(input),
        output: () => zeros(output),
      };
    },
  });
}

function axesOf2d(shape: readonly number[], { filterSize, strides, pad, ...more }: Attributes) {
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize as number,
    strides as number,
    1,
    pad as number,
    more.dimRoundingMode as "floor",
  );
  return planeAxes(info);
}

function axesOf3d(shape: readonly number[], { filterSize, strides, pad, ...more }: Attributes) {
  const info = tf.backend_util.computePool3DInfo(
    shape as [number, number, number, number, number],
    filterSize as number,
    strides as number,
    1,
    pad as number,
    more.dimRoundingMode as "floor",
  );
  const depth: WindowAxis = {
    before: info.padInfo.front,
    count: info.outDepth,
    size: info.filterDepth,
    stride: info.strideDepth,
    dilation: info.dilationDepth,
  };
  return [depth, ...planeAxes(info)];
}

function planeAxes(
  info: Omit<tf.backend_util.Conv2DInfo, "padInfo" | "inShape" | "outShape" | "filterShape"> & {
    readonly padInfo: { readonly top: number; readonly left: number };
  },
): WindowAxis[] {
  return [
    {
      before: info.padInfo.top,
      count: info.outHeight,
      size: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
    },
    {
      before: info.padInfo.left,
      count: info.outWidth,
      size: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
    },
  ];
}

/** Where the windows of a dilation lie, and which element each result is. */
function dilation(saved: readonly tf.Tensor[], { strides, pad, dilations }: Attributes) {
  const [x, filter] = saved as [tf.Tensor4D, tf.Tensor3D];
  const axes = planeAxes(
    tf.backend_util.computeDilation2DInfo(
      x.shape,
      filter.shape,
      strides as number,
      pad as "same",
      "NHWC",
      dilations as number,
    ),
  );
  const raised = tf.add(windows(x, axes, Number.NEGATIVE_INFINITY), byChannel(filter));
  return { axes, chosen: largest(raised) };
}

function dilationGradient(saved: readonly tf.Tensor[], dy: () => tf.Tensor) {
  const [x, filter] = saved as [tf.Tensor, tf.Tensor];
  return { dy, x: () => zeros(x), filter: () => zeros(filter) };
}

/** A filter `[height, width, channels]` as `[channels, elements]`. */
function byChannel(filter: tf.Tensor): tf.Tensor {
  const channels = filter.shape.at(-1) as number;
  return tf.transpose(tf.reshape(filter, [-1, channels]));
}
