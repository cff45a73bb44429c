import * as tf from "@tensorflow/tfjs";
import { any, constant, exact, ids, type Operation, on, refused } from "./operation.js";

type T = tf.Tensor;
type T1 = tf.Tensor1D;
type Named = Readonly<Record<string, Operation>>;

const shapes = [[4], [3, 2], [2, 2, 2], [1, 2, 2, 2]];
const asMany = (rank: number, value: number) => Array.from({ length: rank }, () => value);

/** `concat1d` to `concat4d`, and so on. */
const byRank = (name: string, f: (of: never, x: T, rank: number) => T): Named =>
  Object.fromEntries(
    shapes.map((shape, i) => {
      const operation = (tf as unknown as Record<string, never>)[`${name}${i + 1}d`] as never;
      return [`${name}${i + 1}d`, exact(on((x: T) => f(operation, x, i + 1), any(...shape)))];
    }),
  );

type Concat = (list: T[], axis: number) => T;
type Pad = (x: T, paddings: unknown, value?: number) => T;
type Reverse = (x: T, axis?: number[]) => T;
type Slice = (x: T, begin: unknown, size: unknown) => T;

const ranked: Named = {
  ...byRank("concat", (concat: Concat, x, rank) => concat([x, tf.square(x)], rank - 1)),
  ...byRank("pad", (pad: Pad, x, rank) => {
    const paddings = asMany(rank, 0).map(() => [1, 2]);
    return pad(x, rank === 1 ? paddings[0] : paddings, 0.5);
  }),
  ...byRank("reverse", (reverse: Reverse, x, rank) =>
    reverse(x, rank === 1 ? undefined : [rank - 1]),
  ),
  ...byRank("slice", (slice: Slice, x, rank) => {
    const [begin, size] = [asMany(rank, 0), x.shape.map((n) => Math.max(1, n - 1))];
    return rank === 1 ? slice(x, 1, 2) : slice(x, begin, size);
  }),
};

const at = (values: readonly number[], shape?: number[]) => ids(values, shape);

/** Operations that put elements elsewhere, repeat them, or pick some. */
export const rearranging: Named = {
  ...ranked,
  batchToSpaceND: exact(
    on(
      (x: T) =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [0, 1],
            [0, 0],
          ],
        ),
      any(4, 2, 2, 1),
    ),
  ),
  broadcastTo: exact(
    on((x: T) => tf.broadcastTo(x, [2, 4, 3]), any(2, 1, 3)),
    {
      "to a higher rank": on((x: T) => tf.broadcastTo(x, [2, 2, 3]), any(3)),
    },
  ),
  concat: exact(on((a: T, b: T) => tf.concat([a, b], 1), any(2, 3), any(2, 2))),
  depthToSpace: exact(on((x: T) => tf.depthToSpace(x as tf.Tensor4D, 2), any(1, 2, 3, 8))),
  diag: exact(on(tf.diag, any(3)), { "of a matrix": on(tf.diag, any(2, 2)) }),
  ensureShape: exact(on((x: T) => tf.ensureShape(x, [2, 3]), any(2, 3))),
  expandDims: exact(on((x: T) => tf.expandDims(x, 1), any(2, 3))),
  gather: exact(
    on((x: T) => tf.gather(x, at([2, 0, 2])), any(3, 2)),
    {
      "a later axis": on((x: T) => tf.gather(x, at([1, 1, 0], [3, 1]), 1), any(2, 3, 2)),
      "by batch": on((x: T) => tf.gather(x, at([1, 0, 2, 2], [2, 2]), 1, 1), any(2, 3, 2)),
      "where it is largest": on((x: T) => tf.gather(x, tf.argMax(x)), any(4)),
    },
  ),
  gatherND: exact(
    on((x: T) => tf.gatherND(x, at([0, 1, 2, 0, 0, 1], [3, 2])), any(3, 2)),
    {
      rows: on((x: T) => tf.gatherND(x, at([2, 0, 2], [3, 1])), any(3, 2)),
      "one element": on((x: T) => tf.gatherND(x, at([2, 0])), any(3, 2)),
    },
  ),
  mirrorPad: exact(
    on(
      (x: T) =>
        tf.mirrorPad(
          x,
          [
            [1, 1],
            [2, 1],
          ],
          "reflect",
        ),
      any(2, 3),
    ),
    {
      symmetric: on(
        (x: T) =>
          tf.mirrorPad(
            x,
            [
              [2, 0],
              [1, 3],
            ],
            "symmetric",
          ),
        any(2, 3),
      ),
    },
  ),
  pad: exact(
    on(
      (x: T) =>
        tf.pad(x, [
          [0, 1],
          [2, 0],
        ]),
      any(2, 3),
    ),
  ),
  reshape: exact(on((x: T) => tf.reshape(x, [3, 2]), any(2, 3))),
  reverse: exact(on((x: T) => tf.reverse(x, [0, 1]), any(2, 3))),
  scatterND: exact(
    on((x: T) => tf.scatterND(at([3, 0], [2, 1]), x, [4, 2]), any(2, 2)),
    {
      "twice the same place": on((x: T) => tf.scatterND(at([1, 1, 0], [3, 1]), x, [2]), any(3)),
    },
  ),
  searchSorted: constant((x) =>
    tf.searchSorted(
      tf.tensor2d([
        [-1, 0, 1],
        [-1, 0, 1],
      ]),
      x,
    ),
  ),
  "signal.frame": exact(on((x: T) => tf.signal.frame(x as T1, 3, 2), any(7))),
  slice: exact(on((x: T) => tf.slice(x, [0, 1], [2, 2]), any(2, 4))),
  spaceToBatchND: exact(
    on(
      (x: T) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [0, 0],
            [1, 1],
          ],
        ),
      any(1, 2, 2, 2),
    ),
  ),
  "sparse.sparseFillEmptyRows": refused(
    "TensorFlow.js has no gradient of it",
    on(
      (x: T) =>
        tf.sparse.sparseFillEmptyRows(
          at([0, 0, 2, 1], [2, 2]) as tf.Tensor2D,
          x as T1,
          at([3, 2]) as T1,
          0,
        ).outputValues as T,
      any(2),
    ),
  ),
  "sparse.sparseSegmentMean": exact(
    on(
      (x: T) => tf.sparse.sparseSegmentMean(x, at([0, 2, 2]) as T1, at([0, 0, 1]) as T1),
      any(3, 2),
    ),
  ),
  "sparse.sparseSegmentSum": exact(
    on(
      (x: T) => tf.sparse.sparseSegmentSum(x, at([0, 2, 2]) as T1, at([0, 0, 1]) as T1),
      any(3, 2),
    ),
  ),
  sparseToDense: exact(
    on((x: T, rest: T) => tf.sparseToDense(at([0, 3]), x, [5], rest as tf.Scalar), any(2), any()),
    {
      "two axes": on((x: T) => tf.sparseToDense(at([0, 1, 1, 0], [2, 2]), x, [2, 2], 0), any(2)),
      "one value": on((x: T) => tf.sparseToDense(at([0, 2]), x, [3], 0), any()),
    },
  ),
  split: exact(
    on((x: T) => tf.split(x, 3, 1), any(2, 3)),
    {
      "in one part": on((x: T) => tf.split(x, 1, 1), any(2, 3)),
      "in unequal parts": on((x: T) => tf.split(x, [1, 3], 1), any(2, 4)),
    },
  ),
  squeeze: exact(on((x: T) => tf.squeeze(x), any(2, 1, 3))),
  stack: exact(on((a: T, b: T) => tf.stack([a, b], 1), any(2, 3), any(2, 3))),
  stridedSlice: exact(
    on((x: T) => tf.stridedSlice(x, [0, 1], [2, 5], [1, 2]), any(2, 5)),
    {
      backwards: on((x: T) => tf.stridedSlice(x, [1, 4], [2, 0], [1, -2]), any(2, 5)),
    },
  ),
  tensorScatterUpdate: refused(
    "its kernel in JavaScript writes into its input",
    on((x: T, y: T) => tf.tensorScatterUpdate(x, at([3, 0], [2, 1]), y), any(4, 2), any(2, 2)),
  ),
  tile: exact(
    on((x: T) => tf.tile(x, [2, 3]), any(2, 2)),
    {
      "five axes": on((x: T) => tf.tile(x, [1, 2, 1, 1, 2]), any(1, 2, 1, 2, 2)),
    },
  ),
  topk: exact(
    on((x: T) => tf.topk(x, 2).values, any(2, 4)),
    {
      "indices as constants": on((x: T) => tf.gather(x, tf.topk(x, 2).indices), any(4)),
    },
  ),
  transpose: exact(on((x: T) => tf.transpose(x, [2, 0, 1]), any(2, 3, 2))),
  unique: refused(
    "TensorFlow.js has no gradient of it",
    on((x: T) => tf.unique(x).values, any(3)),
  ),
  unstack: exact(
    on((x: T) => tf.unstack(x, 1), any(2, 3)),
    {
      "of one part": on((x: T) => tf.unstack(x), any(1, 3)),
    },
  ),
};
