import * as tf from "@tensorflow/tfjs";
import { runKernel } from "../tape/engine.js";
import { gradient } from "./gradient.js";

type Attributes = Record<string, unknown>;
type Two = [tf.Tensor, tf.Tensor];

/**
 * The three kernels of a convolution: `y = forward(x, filter)`, and its gradient by `x` and by the
 * filter. Each is linear in either of its two inputs, so that the gradients of one are the others.
 */
interface Convolution {
  readonly forward: string;
  readonly byInput: string;
  readonly byFilter: string;
  /** What the forward kernel wants to know, and its gradients do not. */
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

/** The gradients of convolutions' gradients. */
export const convolution: readonly tf.GradConfig[] = [conv2d, depthwise, conv3d].flatMap(
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
