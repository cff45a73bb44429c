import * as tf from "@tensorflow/tfjs";
import { runKernel } from "../tape/engine.js";
import { gradient } from "./gradient.js";

/** Gradients of gather, scatter and other operations with indices. */
export function indexing(): readonly tf.GradConfig[] {
  const stockGather = tf.getGradient(tf.GatherV2);
  return [
    // The gradient of TensorFlow.js is right only without batch dimensions.
    {
      ...stockGather,
      gradFunc(dy, saved, attributes) {
        const [x, indices] = saved as [tf.Tensor, tf.Tensor];
        if (!attributes.batchDims) return stockGather.gradFunc(dy, saved, attributes);
        const pick = (x: tf.Tensor) => runKernel(tf.GatherV2, { x, indices }, attributes);
        return { x: () => scatterBack(dy as tf.Tensor, x, pick) };
      },
    },
    gradient({
      kernelName: tf.GatherNd,
      inputs: ["params", "indices"],
      of: (dy, saved) => {
        const [params, indices] = saved as [tf.Tensor, tf.Tensor];
        const depth = indices.shape.at(-1) as number;
        const rows = tf.reshape(indices, [-1, depth]);
        const updates = () =>
          tf.reshape(dy, [rows.shape[0] as number, ...params.shape.slice(depth)]);
        return { params: () => tf.scatterND(rows, updates(), params.shape) };
      },
    }),
    gradient({
      kernelName: tf.ScatterNd,
      inputs: ["indices"],
      of: (dy, saved) => ({ updates: () => tf.gatherND(dy, saved[0] as tf.Tensor) }),
    }),
    gradient({
      kernelName: tf.SparseToDense,
      inputs: ["sparseIndices", "sparseValues"],
      of: (dy, saved) => {
        const [indices, values] = saved as [tf.Tensor, tf.Tensor];
        const rows = tf.reshape(indices, indices.rank === 2 ? indices.shape : [-1, 1]);
        const picked = () => tf.gatherND(dy, rows);
        return {
          sparseValues: () => (values.rank === 0 ? tf.sum(picked()) : picked()),
          defaultValue: () => tf.sub(tf.sum(dy), tf.sum(picked())),
        };
      },
    }),
    gradient({
      kernelName: tf.TopK,
      inputs: ["x"],
      outputs: [false, true],
      of: (dy, saved) => ({
        x: () => {
          const [x, indices] = saved as [tf.Tensor, tf.Tensor];
          const chosen = tf.oneHot(indices, x.shape.at(-1) as number, 1, 0, "float32");
          return tf.sum(tf.mul(chosen, tf.expandDims(dy, -1)), -2);
        },
      }),
    }),
    gradient({
      kernelName: tf.SparseSegmentSum,
      inputs: ["data", "indices", "segmentIds"],
      of: (dy, saved) => ({ data: () => segmentGradient(dy, saved) }),
    }),
    gradient({
      kernelName: tf.SparseSegmentMean,
      inputs: ["data", "indices", "segmentIds"],
      of: (dy, saved) => ({
        data: () => {
          const segmentIds = saved[2] as tf.Tensor1D;
          const segments = dy.shape[0] as number;
          const sizes = tf.unsortedSegmentSum(tf.ones(segmentIds.shape), segmentIds, segments);
          const perRow = tf.reshape(sizes, [segments, ...dy.shape.slice(1).map(() => 1)]);
          return segmentGradient(tf.divNoNan(dy, perRow), saved);
        },
      }),
    }),
  ];
}

/**
 * Gradient of an operation that picks elements of `x`: adds each element of `dy` to the element of `x`
 * that it was picked from.
 *
 * @param dy the gradient of the operation's output
 * @param pick the operation; it is applied to a tensor of positions
 * @returns shape of `x`
 */
export function scatterBack(
  dy: tf.Tensor,
  x: tf.Tensor,
  pick: (x: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  // WebAssembly kernels read int32 data as float32; float32 represents integers exactly up to 2^24.
  const dtype = x.size <= 2 ** 24 ? "float32" : "int32";
  const positions = pick(tf.reshape(tf.range(0, x.size, 1, dtype), x.shape));
  const sums = tf.unsortedSegmentSum(
    tf.reshape(dy, [-1]),
    tf.cast(tf.reshape(positions, [-1]), "int32") as tf.Tensor1D,
    x.size,
  );
  return tf.reshape(sums, x.shape);
}

function segmentGradient(dy: tf.Tensor, saved: readonly tf.Tensor[]): tf.Tensor {
  const [data, indices, segmentIds] = saved as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
  return tf.unsortedSegmentSum(tf.gather(dy, segmentIds), indices, data.shape[0] as number);
}
