import * as tf from "@tensorflow/tfjs";
import { gradient, lastAxes, undo } from "./gradient.js";

interface Cumulative {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Gradients of softmax, cumulative operations and products along axes. */
export const reductions: readonly tf.GradConfig[] = [
  // The gradient of TensorFlow.js saves the output; here it is recomputed.
  gradient<{ dim: number }>({
    kernelName: tf.Softmax,
    inputs: ["logits"],
    of: (dy, saved, { dim }) => ({
      logits: () => {
        const [logits] = saved as [tf.Tensor];
        const y = tf.softmax(logits, dim);
        const weighted = tf.mul(dy, y);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, dim, true), y));
      },
    }),
  }),
  // The gradient of TensorFlow.js confuses axes unless the sum is along the last one.
  gradient<Cumulative>({
    kernelName: tf.Cumsum,
    of: (dy, _, { axis, exclusive, reverse }) => ({
      x: () => tf.cumsum(dy, axis, exclusive, !reverse),
    }),
  }),
  gradient<Cumulative>({
    kernelName: tf.Cumprod,
    inputs: ["x"],
    of: (dy, saved, attributes) => ({
      x: () => cumulativeProductGradient(dy, saved[0] as tf.Tensor, attributes),
    }),
  }),
  gradient<{ axis?: number | number[] }>({
    kernelName: tf.Prod,
    inputs: ["x"],
    of: (dy, saved, { axis }) => ({
      x: () => {
        const [x] = saved as [tf.Tensor];
        const axes = tf.util.parseAxisParam(axis ?? (null as unknown as number[]), x.shape);
        const order = lastAxes(x.rank, axes);
        const moved = tf.transpose(x, order);
        const kept = moved.shape.slice(0, x.rank - axes.length);
        const flat = tf.reshape(moved, [...kept, -1]);
        // Product of all other elements, without division.
        const others = tf.mul(
          tf.cumprod(flat, kept.length, true),
          tf.cumprod(flat, kept.length, true, true),
        );
        const dx = tf.mul(others, tf.reshape(dy, [...kept, 1]));
        return tf.transpose(tf.reshape(dx, moved.shape), undo(order));
      },
    }),
  }),
];

/**
 * Gradient of a cumulative product. The derivative of output `i` with respect to element `k` is (product
 * of the elements before `k`) times (product of those between `k` and `i`). Exact if elements are zero;
 * memory is quadratic in the length of the axis.
 */
function cumulativeProductGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  { axis, exclusive, reverse }: Cumulative,
): tf.Tensor {
  const [along] = tf.util.parseAxisParam(axis, x.shape) as [number];
  const order = lastAxes(x.rank, [along]);
  const turned = (tensor: tf.Tensor) => (reverse ? tf.reverse(tensor, along) : tensor);
  const [factors, weights] = [x, dy].map((t) => tf.transpose(turned(t), order)) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const last = x.rank - 1;
  const positions = tf.range(0, x.shape[along] as number, 1, "int32");
  const after = tf.cast(
    tf.greater(tf.expandDims(positions, 0), tf.expandDims(positions, 1)),
    "float32",
  ); // [k, i]: 1 if i > k
  const counted = exclusive ? after : tf.sub(1, tf.transpose(after));
  const upTo = tf.add(tf.mul(tf.expandDims(factors, last), after), tf.sub(1, after));
  const between = tf.mul(tf.cumprod(upTo, last + 1, exclusive), counted);
  const sums = tf.sum(tf.mul(between, tf.expandDims(weights, last)), last + 1);
  const dx = tf.mul(tf.cumprod(factors, last, true), sums);
  return turned(tf.transpose(dx, undo(order)));
}
