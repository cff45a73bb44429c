import * as tf from "@tensorflow/tfjs";
import { runKernel } from "../tape/engine.js";
import { gradient, lastAxes, undo } from "./gradient.js";

type Attributes = Record<string, unknown>;

/**
 * Gradients of image resizing, which is linear: one matrix for rows and one for columns. The gradient
 * kernels of TensorFlow.js have no gradients, and its JavaScript one confuses height and width.
 */
export const resizing: readonly tf.GradConfig[] = [tf.ResizeBilinear, tf.ResizeNearestNeighbor].map(
  (kernelName) =>
    gradient<Attributes>({
      kernelName,
      inputs: ["images"],
      of: (dy, saved, attributes) => ({
        images: () => {
          const [images] = saved as [tf.Tensor4D];
          return [1, 2].reduce((resized, axis) => {
            const from = images.shape[axis] as number;
            const to = dy.shape[axis] as number;
            return alongAxis(resized, axis, resizeMatrix(kernelName, attributes, from, to));
          }, dy);
        },
      }),
    }),
);

/** Resize matrix of one axis, `[to, from]`: the kernel applied to the rows of an identity matrix. */
function resizeMatrix(kernelName: string, attributes: Attributes, from: number, to: number) {
  const images = tf.reshape(tf.eye(from), [from, from, 1, 1]);
  const resized = runKernel(kernelName, { images }, { ...attributes, size: [to, 1] });
  return tf.transpose(tf.reshape(resized, [from, to])) as tf.Tensor2D;
}

/** Multiplies the vectors along one axis by `matrix`, from the right. */
function alongAxis(tensor: tf.Tensor, axis: number, matrix: tf.Tensor2D): tf.Tensor {
  const order = lastAxes(tensor.rank, [axis]);
  const moved = tf.transpose(tensor, order);
  const [from, to] = matrix.shape;
  const product = tf.matMul(tf.reshape(moved, [-1, from]), matrix);
  return tf.transpose(tf.reshape(product, [...moved.shape.slice(0, -1), to]), undo(order));
}
