import * as tf from "@tensorflow/tfjs";
import { runKernel } from "../tape/engine.js";
import { gradient, zeros } from "./gradient.js";
import { type AxesOf, axesOf2d, axesOf3d, counted, planeAxes } from "./windowAxes.js";
import { largest, outside, type WindowAxis, windows } from "./windows.js";

type Attributes = Record<string, unknown>;

/**
 * Gradients of pooling and dilation, and of their gradient kernels. Average pooling is linear. Max
 * pooling is piecewise linear: it passes the gradient to the largest element of each window.
 */
export const pooling: readonly tf.GradConfig[] = [
  ...meanGradients(tf.AvgPool, tf.AvgPoolGrad, axesOf2d),
  ...meanGradients(tf.AvgPool3D, tf.AvgPool3DGrad, axesOf3d),
  // The gradient of MaxPool in TensorFlow.js ignores dimRoundingMode; MaxPoolWithArgmax has none.
  ...[tf.MaxPool, tf.MaxPoolWithArgmax].map((kernelName) =>
    gradient<Attributes>({
      kernelName,
      inputs: ["x"],
      outputs: [true],
      of: (dy, saved, attributes) => ({
        x: () => {
          const [input, output] = saved as [tf.Tensor, tf.Tensor];
          return runKernel(tf.MaxPoolGrad, { dy, input, output }, attributes);
        },
      }),
    }),
  ),
  maxGradient(tf.MaxPoolGrad, axesOf2d),
  maxGradient(tf.MaxPool3DGrad, axesOf3d),
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

/** Gradients of average pooling and of its gradient kernel. */
function meanGradients(forward: string, backward: string, axesOf: AxesOf): tf.GradConfig[] {
  return [
    gradient<Attributes>({
      kernelName: forward,
      inputs: ["x"],
      of: (dy, saved, attributes) => ({
        x: () => {
          const [x] = saved as [tf.Tensor];
          const axes = counted(axesOf(x.shape, attributes), dy);
          const paddings = outside(x.shape, axes);
          if (paddings.flat().every((count) => count === 0)) {
            return runKernel(backward, { dy, input: x }, attributes);
          }
          // The JavaScript kernel counts padding as elements of the mean, so the input is padded here.
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

/** Ratio of window size to the number of elements in it that are not padding: `[1, ...counts, 1]`. */
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
          const axes = counted(axesOf(input.shape, attributes), output);
          const chosen = largest(windows(input, axes, Number.NEGATIVE_INFINITY));
          return tf.sum(tf.mul(chosen, windows(ddx, axes, 0)), -1);
        },
        input: () => zeros(input),
        output: () => zeros(output),
      };
    },
  });
}

/** Window axes of a dilation, and the one-hot choice of the element that is each result. */
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

/** Reshapes a filter from `[height, width, channels]` to `[channels, elements]`. */
function byChannel(filter: tf.Tensor): tf.Tensor {
  const channels = filter.shape.at(-1) as number;
  return tf.transpose(tf.reshape(filter, [-1, channels]));
}
