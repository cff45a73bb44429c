import * as tf from "@tensorflow/tfjs";
import { gradient, sumTo } from "./gradient.js";

interface LocalResponse {
  readonly depthRadius: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Gradients of normalisations that are single kernels. */
export const normalisation: readonly tf.GradConfig[] = [
  // The gradient of TensorFlow.js supports statistics per channel only.
  gradient<{ varianceEpsilon: number }>({
    kernelName: tf.FusedBatchNorm,
    inputs: ["x", "mean", "variance", "scale"],
    of: (dy, saved, { varianceEpsilon }) => {
      const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const inverse = () => tf.rsqrt(tf.add(variance, varianceEpsilon));
      const dx = () => tf.mul(dy, tf.mul(inverse(), scale));
      const centred = () => tf.sub(x, mean);
      return {
        x: dx,
        mean: () => sumTo(tf.neg(dx()), mean.shape),
        variance: () => {
          const slope = tf.mul(tf.square(inverse()), -0.5);
          return sumTo(tf.mul(tf.mul(dx(), centred()), slope), variance.shape);
        },
        scale: () => sumTo(tf.mul(dy, tf.mul(centred(), inverse())), scale.shape),
        offset: () => sumTo(dy, mean.shape),
      };
    },
  }),
  // The gradient of TensorFlow.js is a kernel of its own, without a gradient.
  gradient<LocalResponse>({
    kernelName: tf.LRN,
    inputs: ["x"],
    of: (dy, saved, { depthRadius, bias, alpha, beta }) => ({
      x: () => {
        const [x] = saved as [tf.Tensor];
        const channels = x.shape.at(-1) as number;
        const near = tf.tensor2d(
          Array.from({ length: channels }, (_, i) =>
            Array.from({ length: channels }, (_, j) => (Math.abs(i - j) <= depthRadius ? 1 : 0)),
          ),
        );
        const sumOfNear = (tensor: tf.Tensor) =>
          tf.reshape(tf.matMul(tf.reshape(tensor, [-1, channels]), near), x.shape);
        const size = tf.add(tf.mul(sumOfNear(tf.square(x)), alpha), bias);
        const direct = tf.mul(dy, tf.pow(size, -beta));
        const shared = sumOfNear(tf.mul(tf.mul(dy, x), tf.pow(size, -beta - 1)));
        return tf.sub(direct, tf.mul(tf.mul(x, shared), 2 * alpha * beta));
      },
    }),
  }),
];
