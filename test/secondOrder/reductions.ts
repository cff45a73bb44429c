import * as tf from "@tensorflow/tfjs";
import { any, constant, exact, type Operation, on, positive } from "./operation.js";

type T = tf.Tensor;

/** `f` over the last axis, the first, two, and all. */
const over = (f: (x: T, axis?: number | number[], keepDims?: boolean) => T) =>
  exact(
    on((x: T) => f(x, 2), any(2, 3, 4)),
    {
      "the first axis": on((x: T) => f(x, 0), any(2, 3, 4)),
      "two axes, kept": on((x: T) => f(x, [0, 2], true), any(2, 3, 4)),
      "an axis from the end": on((x: T) => f(x, -2), any(2, 3, 4)),
      "all axes": on((x: T) => f(x), any(2, 3)),
    },
  );

const along = (f: (x: T, axis?: number, exclusive?: boolean, reverse?: boolean) => T) => ({
  "the first axis": on((x: T) => f(x, 0), any(3, 3)),
  exclusive: on((x: T) => f(x, 1, true), any(2, 4)),
  reverse: on((x: T) => f(x, 1, false, true), any(2, 4)),
  "exclusive, reverse, in the middle": on((x: T) => f(x, 1, true, true), any(2, 3, 2)),
});

/** Sums, extremes and products along axes. */
export const reductions: Readonly<Record<string, Operation>> = {
  all: constant((x) => tf.all(tf.greater(x, -1), 1, true)),
  any: constant((x) => tf.any(tf.greater(x, 1), 1, true)),
  argMax: constant((x) => tf.expandDims(tf.argMax(x, 1), 1)),
  argMin: constant((x) => tf.expandDims(tf.argMin(x, 1), 1)),
  cumprod: exact(
    on((x: T) => tf.cumprod(x, 1), any(2, 4)),
    {
      ...along(tf.cumprod),
      "with a zero": on((x: T) => tf.cumprod(tf.mul(x, tf.tensor1d([1, 0, 1])), 1), any(2, 3)),
    },
  ),
  cumsum: exact(
    on((x: T) => tf.cumsum(x, 1), any(2, 4)),
    along(tf.cumsum),
  ),
  euclideanNorm: over(tf.euclideanNorm),
  logSoftmax: exact(on((x: T) => tf.logSoftmax(x), any(3, 4))),
  logSumExp: over(tf.logSumExp),
  max: over(tf.max),
  mean: over(tf.mean),
  min: over(tf.min),
  moments: exact(
    on((x: T) => Object.values(tf.moments(x, 1)) as T[], any(2, 4)),
    { "all axes": on((x: T) => tf.moments(x).variance, any(2, 3)) },
  ),
  norm: {
    exact: {
      ...over((x, axis, keep) => tf.norm(x, "euclidean", axis, keep)).exact,
      "of order 1": on((x: T) => tf.norm(x, 1, 1), any(2, 4)),
      "of order infinity": on((x: T) => tf.norm(x, Number.POSITIVE_INFINITY, 1), any(2, 4)),
    },
  },
  prod: {
    exact: {
      ...over(tf.prod).exact,
      "with a zero": on((x: T) => tf.prod(tf.mul(x, tf.tensor1d([1, 0, 1])), 1), any(2, 3)),
    },
  },
  softmax: exact(on((x: T) => tf.softmax(x), any(3, 4))),
  sum: over(tf.sum),
  unsortedSegmentSum: exact(
    on((x: T) => tf.unsortedSegmentSum(x, tf.tensor1d([2, 0, 2, -1], "int32"), 3), any(4, 2)),
  ),
  "losses.absoluteDifference": exact(
    on((a: T, b: T) => tf.losses.absoluteDifference(a, b), any(2, 3), any(2, 3)),
  ),
  "losses.computeWeightedLoss": exact(
    on((x: T, w: T) => tf.losses.computeWeightedLoss(x, w), any(2, 3), positive(2, 3)),
    {
      "the mean": on(
        (x: T, w: T) => tf.losses.computeWeightedLoss(x, w, tf.Reduction.MEAN),
        any(2, 3),
        positive(1, 3),
      ),
      "no reduction": on(
        (x: T, w: T) => tf.losses.computeWeightedLoss(x, w, tf.Reduction.NONE),
        any(2, 3),
        positive(2, 3),
      ),
    },
  ),
  "losses.cosineDistance": exact(
    on((a: T, b: T) => tf.losses.cosineDistance(a, b, 1), any(2, 3), any(2, 3)),
  ),
  "losses.hingeLoss": exact(
    on((x: T) => tf.losses.hingeLoss(tf.tensor2d([[1, 0, 1]]), x), any(1, 3)),
  ),
  "losses.huberLoss": exact(
    on((a: T, b: T) => tf.losses.huberLoss(a, b, undefined, 0.8), any(2, 4), any(2, 4)),
  ),
  "losses.logLoss": exact(
    on((a: T, b: T) => tf.losses.logLoss(tf.sigmoid(a), tf.sigmoid(b)), any(2, 3), any(2, 3)),
  ),
  "losses.meanSquaredError": exact(
    on((a: T, b: T) => tf.losses.meanSquaredError(a, b), any(2, 3), any(2, 3)),
  ),
  "losses.sigmoidCrossEntropy": exact(
    on((a: T, b: T) => tf.losses.sigmoidCrossEntropy(tf.sigmoid(a), b), any(2, 3), any(2, 3)),
    {
      "smoothed labels": on(
        (x: T) => tf.losses.sigmoidCrossEntropy(tf.ones([2, 3]), x, undefined, 0.1),
        any(2, 3),
      ),
    },
  ),
  "losses.softmaxCrossEntropy": exact(
    on((x: T) => tf.losses.softmaxCrossEntropy(tf.oneHot([2, 0], 3), x), any(2, 3)),
    {
      "labels that are learned": on(
        (a: T, b: T) => tf.losses.softmaxCrossEntropy(tf.softmax(a), b),
        any(2, 3),
        any(2, 3),
      ),
      "labels that do not sum to one": on(
        (a: T, b: T) => tf.losses.softmaxCrossEntropy(a, b),
        positive(2, 3),
        any(2, 3),
      ),
      "smoothed labels, weights": on(
        (x: T, w: T) => tf.losses.softmaxCrossEntropy(tf.oneHot([2, 0], 3), x, w, 0.1),
        any(2, 3),
        positive(2),
      ),
    },
  ),
};
