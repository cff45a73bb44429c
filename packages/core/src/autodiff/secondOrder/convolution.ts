import * as tf from "@tensorflow/tfjs";
import { notDifferentiable } from "../notDifferentiable.js";
import { runKernel } from "../tape/engine.js";
import { gradient } from "./gradient.js";

type Attributes = Record<string, unknown>;
type Two = [tf.Tensor, tf.Tensor];

/**
 * The three kernels of a convolution: `y = forward(x, filter)`, and its gradients with respect to `x` and
 * to the filter. Each is bilinear in its two inputs, so the gradients of one kernel are the other two.
 */
interface Convolution {
  readonly forward: string;
  readonly byInput: string;
  readonly byFilter: string;
  /** Attributes that the forward kernel needs and its gradients lack. */
  readonly attributes: Attributes;
}

const conv2d: Convolution = {
  forward: tf.Conv2D,
  byInput: tf.Conv2DBackpropInput,
  byFilter: tf.Conv2DBackpropFilter,
  attributes: { dilations: [1, 1] },
};

const depthwise: Convolution = {
  forward: tf.DepthwiseConv2dNative,
  byInput: tf.DepthwiseConv2dNativeBackpropInput,
  byFilter: tf.DepthwiseConv2dNativeBackpropFilter,
  attributes: { dataFormat: "NHWC" },
};

const conv3d: Convolution = {
  forward: tf.Conv3D,
  byInput: tf.Conv3DBackpropInputV2,
  byFilter: tf.Conv3DBackpropFilterV2,
  attributes: { dataFormat: "NDHWC", dilations: [1, 1, 1] },
};

/** Gradients of the gradient kernels of convolutions. */
const ofGradients = [conv2d, depthwise, conv3d].flatMap(
  ({ forward, byInput, byFilter, attributes: own }) => [
    gradient<Attributes>({
      kernelName: byFilter,
      inputs: ["x", "dy"],
      of: (ddFilter, saved, attributes) => {
        const [x, dy] = saved as Two;
        const filter = ddFilter;
        return {
          x: () => runKernel(byInput, { dy, filter }, { ...attributes, inputShape: x.shape }),
          dy: () => runKernel(forward, { x, filter }, { ...own, ...attributes }),
        };
      },
    }),
    gradient<Attributes>({
      kernelName: byInput,
      inputs: ["dy", "filter"],
      of: (ddInput, saved, attributes) => {
        const [dy, filter] = saved as Two;
        const x = ddInput;
        return {
          dy: () => runKernel(forward, { x, filter }, { ...own, ...attributes }),
          filter: () =>
            runKernel(byFilter, { x, dy }, { ...attributes, filterShape: filter.shape }),
        };
      },
    }),
  ],
);

/** Gradients of convolutions and of their gradient kernels. */
export const convolution: readonly tf.GradConfig[] = [
  // The gradient of TensorFlow.js ignores dimRoundingMode.
  gradient<Attributes>({
    kernelName: tf.Conv2D,
    inputs: ["x", "filter"],
    of: (dy, saved, { dilations, ...attributes }) => {
      const [x, filter] = saved as Two;
      if ([dilations].flat().some((dilation) => dilation !== 1)) {
        throw notDifferentiable("A convolution with dilations", false);
      }
      const { byInput, byFilter } = conv2d;
      return {
        x: () => runKernel(byInput, { dy, filter }, { ...attributes, inputShape: x.shape }),
        filter: () => runKernel(byFilter, { x, dy }, { ...attributes, filterShape: filter.shape }),
      };
    },
  }),
  ...ofGradients,
];
