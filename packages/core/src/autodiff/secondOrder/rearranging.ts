import * as tf from "@tensorflow/tfjs";
import { runKernel } from "../tape/engine.js";
import { gradient } from "./gradient.js";
import { scatterBack } from "./indexing.js";

type Padding = readonly [number, number];

/** Gradients of operations that move or repeat elements. */
export const rearranging: readonly tf.GradConfig[] = [
  // The gradient of TensorFlow.js drops the gradient of the padding.
  gradient<{ paddings: readonly Padding[]; mode: "reflect" | "symmetric" }>({
    kernelName: tf.MirrorPad,
    of: (dy, _, { paddings, mode }) => ({
      x: () =>
        paddings.reduce(
          (folded, padding, axis) => foldBack(folded, padding, axis, mode === "reflect" ? 1 : 0),
          dy.clone(),
        ),
    }),
  }),
  // The gradient of TensorFlow.js supports ranks up to 4.
  gradient<{ reps: readonly number[] }>({
    kernelName: tf.Tile,
    of: (dy, _, { reps }) => ({
      x: () =>
        reps.reduce((sum, count, axis) => {
          const { shape } = sum;
          const size = (shape[axis] as number) / count;
          const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
          const copies = [before, [count], [size, ...after]].map(tf.util.sizeFromShape);
          return tf.reshape(tf.sum(tf.reshape(sum, copies), 1), [...before, size, ...after]);
        }, dy),
    }),
  }),
  // The gradients of TensorFlow.js fail for a single part.
  {
    kernelName: tf.Unpack,
    gradFunc: (dy, _, { axis }) => ({ value: () => tf.stack([dy].flat(), axis as number) }),
  },
  {
    kernelName: tf.SplitV,
    gradFunc: (dy, _, { axis }) => ({ x: () => tf.concat([dy].flat(), axis as number) }),
  },
  gradient<{ blockSize: number; dataFormat: "NHWC" | "NCHW" }>({
    kernelName: tf.DepthToSpace,
    inputs: ["x"],
    of: (dy, saved, { blockSize: b, dataFormat }) => ({
      x: () => {
        const [x] = saved as [tf.Tensor4D];
        const isLast = dataFormat === "NHWC";
        const [n, h, w] = isLast ? x.shape : [x.shape[0], x.shape[2], x.shape[3]];
        const blocks = isLast ? [n, h, b, w, b, -1] : [n, -1, h, b, w, b];
        const order = isLast ? [0, 1, 3, 2, 4, 5] : [0, 3, 5, 1, 2, 4];
        return tf.reshape(tf.transpose(tf.reshape(dy, blocks), order), x.shape);
      },
    }),
  }),
  gradient({
    kernelName: tf.FlipLeftRight,
    of: (dy) => ({ image: () => tf.reverse(dy, 2) }),
  }),
  gradient({
    kernelName: tf.Diag,
    inputs: ["x"],
    of: (dy, saved) => ({
      x: () => {
        const [x] = saved as [tf.Tensor];
        const square = tf.reshape(dy, [x.size, x.size]);
        return tf.reshape(tf.sum(tf.mul(square, tf.eye(x.size)), 1), x.shape);
      },
    }),
  }),
  gradient<Record<string, unknown>>({
    kernelName: tf.StridedSlice,
    inputs: ["x"],
    of: (dy, saved, attributes) => ({
      x: () =>
        scatterBack(dy, saved[0] as tf.Tensor, (x) =>
          runKernel(tf.StridedSlice, { x }, attributes),
        ),
    }),
  }),
];

/** Removes the padding of one axis from the gradient, and adds its gradient to the elements it was copied from. */
function foldBack(dy: tf.Tensor, [before, after]: Padding, axis: number, skipped: number) {
  const length = (dy.shape[axis] as number) - before - after;
  const part = (begin: number, size: number) => {
    const starts = dy.shape.map((_, i) => (i === axis ? begin : 0));
    const sizes = dy.shape.map((all, i) => (i === axis ? size : all));
    return tf.slice(dy, starts, sizes);
  };
  const placed = (copied: tf.Tensor, start: number) => {
    const end = length - start - (copied.shape[axis] as number);
    const paddings = dy.shape.map((_, i): [number, number] => (i === axis ? [start, end] : [0, 0]));
    return tf.pad(tf.reverse(copied, axis), paddings);
  };
  return tf.addN([
    part(before, length),
    placed(part(0, before), skipped),
    placed(part(before + length, after), length - after - skipped),
  ]);
}
