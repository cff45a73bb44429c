import * as tf from "@tensorflow/tfjs";

/** The gradient of a kernel with one output, with respect to each input by name. */
export interface KernelGradient<A> {
  readonly kernelName: string;
  /** Inputs that `of` is given. */
  readonly inputs?: readonly string[];
  /** Which outputs `of` is given after them. */
  readonly outputs?: readonly boolean[];
  of(
    dy: tf.Tensor,
    saved: readonly tf.Tensor[],
    attributes: A,
  ): Readonly<Record<string, () => tf.Tensor>>;
}

/** A {@link KernelGradient} as TensorFlow.js takes it. Of several outputs the first has the gradient. */
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

/** The sum over those axes along which a tensor of `shape` was repeated. */
export function sumTo(tensor: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const wanted = [...shape];
  if (tf.util.arraysEqual(tensor.shape, wanted)) return tensor;
  const axes = tf.backend_util.getReductionAxes(wanted, tensor.shape);
  return tf.reshape(tf.sum(tensor, axes), wanted);
}

/** Zeros for an input that the output does not depend on, or only where it jumps. */
export function zeros(input: tf.Tensor): tf.Tensor {
  return tf.zeros(input.shape);
}

/** The order of axes that puts `axes` last. */
export function lastAxes(rank: number, axes: readonly number[]): number[] {
  const others = Array.from({ length: rank }, (_, i) => i).filter((i) => !axes.includes(i));
  return [...others, ...axes];
}

/** The order of axes that undoes `order`. */
export function undo(order: readonly number[]): number[] {
  return order.map((_, i) => order.indexOf(i));
}
