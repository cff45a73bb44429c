import * as tf from "@tensorflow/tfjs";

/** Gradient of a kernel with one differentiable output, the first. */
export interface KernelGradient<A> {
  readonly kernelName: string;
  /** Names of inputs to save; passed to `of` in this order. */
  readonly inputs?: readonly string[];
  /** Flags of outputs to save; passed to `of` after the inputs. */
  readonly outputs?: readonly boolean[];
  /** Computes the gradient with respect to each input, by the input's name. */
  of(
    dy: tf.Tensor,
    saved: readonly tf.Tensor[],
    attributes: A,
  ): Readonly<Record<string, () => tf.Tensor>>;
}

/** Converts a {@link KernelGradient} to the form of TensorFlow.js. */
export function gradient<A = Record<string, never>>({
  kernelName,
  inputs = [],
  outputs = [],
  of,
}: KernelGradient<A>): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: [...inputs],
    outputsToSave: [...outputs],
    gradFunc: (dy, saved, attributes) =>
      of((Array.isArray(dy) ? dy[0] : dy) as tf.Tensor, saved, attributes as unknown as A),
  };
}

/** Sums over the axes along which a tensor of `shape` was broadcast; the result has this shape. */
export function sumTo(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const target = [...shape];
  if (tf.util.arraysEqual(tensor.shape, target)) return tensor;
  const axes = tf.backend_util.getReductionAxes(target, tensor.shape);
  return tf.reshape(tf.sum(tensor, axes), target);
}

/** Zero gradient of an input that the output does not depend on, or depends on by jumps only. */
export function zeros(input: tf.Tensor): tf.Tensor {
  return tf.zeros(input.shape);
}

/** Permutation for `tf.transpose` that moves `axes` to the end. */
export function lastAxes(rank: number, axes: readonly number[]): number[] {
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));
  return [...others, ...axes];
}

/** Inverse of a permutation of axes. */
export function undo(order: readonly number[]): number[] {
  return order.map((_, i) => order.indexOf(i));
}
