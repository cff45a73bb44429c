import * as tf from "@tensorflow/tfjs";
import { any, constant, exact, ids, type Operation, on, positive, refused } from "./operation.js";

type T = tf.Tensor;
type T3 = tf.Tensor3D;
type T4 = tf.Tensor4D;
type T5 = tf.Tensor5D;
type Pad = "same" | "valid";

const conv2d = (stride: number, pad: Pad, dilation = 1) =>
  on(
    (x: T4, filter: T4) => tf.conv2d(x, filter, stride, pad, "NHWC", dilation),
    any(2, 4, 5, 2),
    any(2, 3, 2, 2),
  );

const depthwise = (stride: number, pad: Pad, dilation: number | [number, number] = 1) =>
  on(
    (x: T4, filter: T4) => tf.depthwiseConv2d(x, filter, stride, pad, "NHWC", dilation),
    any(1, 4, 5, 2),
    any(2, 3, 2, 2),
  );

const conv3d = (stride: number, pad: Pad, dilation = 1) =>
  on(
    (x: T5, filter: T5) => tf.conv3d(x, filter, stride, pad, "NDHWC", dilation),
    any(1, 3, 4, 3, 2),
    any(2, 2, 2, 2, 2),
  );

const pool = (f: (x: T4, size: [number, number], strides: number, pad: Pad) => T) =>
  exact(
    on((x: T4) => f(x, [2, 2], 2, "valid"), any(2, 4, 4, 2)),
    {
      "overlapping, padded": on((x: T4) => f(x, [2, 3], 1, "same"), any(1, 4, 3, 2)),
      "one image": on((x: T3) => f(x as unknown as T4, [2, 2], 1, "valid"), any(3, 3, 1)),
    },
  );

const pool3d = (f: (x: T5, size: [number, number, number], strides: number, pad: Pad) => T) =>
  exact(
    on((x: T5) => f(x, [2, 2, 2], 2, "valid"), any(1, 4, 2, 4, 2)),
    {
      "overlapping, padded": on((x: T5) => f(x, [2, 1, 2], 1, "same"), any(1, 3, 2, 3, 1)),
    },
  );

const resize = (
  f: (x: T4, size: [number, number], align?: boolean, half?: boolean) => T,
): Operation =>
  exact(
    on((x: T4) => f(x, [4, 5]), any(2, 2, 3, 2)),
    {
      smaller: on((x: T4) => f(x, [2, 3]), any(1, 4, 5, 1)),
      "with corners aligned": on((x: T4) => f(x, [5, 4], true), any(1, 3, 2, 2)),
      "with centres of pixels": on((x: T4) => f(x, [5, 4], false, true), any(1, 3, 2, 2)),
      "one image": on((x: T3) => f(x as unknown as T4, [3, 3]), any(2, 2, 1)),
    },
  );

const dilated = "TensorFlow.js has no gradient of dilated convolutions";
const sampling = "TensorFlow.js has no gradient of it";

const boxes = () => tf.tensor2d([[0.1, 0.1, 0.9, 0.8]]);
const statistics = [any(3), positive(3), any(3), any(3)];
type Norm = (x: T, mean: T, variance: T, offset?: T, scale?: T) => T;
const batchNorm = (f: unknown, ...shape: number[]) =>
  exact(
    on(
      (x: T, mean: T, variance: T, offset: T, scale: T) =>
        (f as Norm)(x, mean, variance, offset, scale),
      any(...shape),
      ...statistics,
    ),
    {
      "without offset and scale": on(
        (x: T, mean: T, variance: T) => (f as Norm)(x, mean, variance),
        any(...shape),
        ...statistics.slice(0, 2),
      ),
      "statistics for each element": on(
        (x: T, mean: T, variance: T) => (f as Norm)(x, mean, variance),
        any(...shape),
        any(...shape),
        positive(...shape),
      ),
    },
  );

/** Convolutions, poolings, normalisations and changes of images. */
export const images: Readonly<Record<string, Operation>> = {
  avgPool: pool(tf.avgPool),
  avgPool3d: pool3d(tf.avgPool3d),
  batchNorm: batchNorm(tf.batchNorm, 4, 3),
  batchNorm2d: batchNorm(tf.batchNorm2d, 4, 3),
  batchNorm3d: batchNorm(tf.batchNorm3d, 2, 2, 3),
  batchNorm4d: batchNorm(tf.batchNorm4d, 2, 1, 2, 3),
  conv1d: {
    ...exact(
      on((x: T3, filter: T3) => tf.conv1d(x, filter, 1, "same"), any(2, 5, 2), any(3, 2, 2)),
    ),
    because: dilated,
    refused: {
      dilated: on(
        (x: T3, filter: T3) => tf.conv1d(x, filter, 1, "same", "NWC", 2),
        any(1, 5, 2),
        any(2, 2, 2),
      ),
    },
  },
  conv2d: {
    exact: { "": conv2d(1, "valid"), "padded, in steps of two": conv2d(2, "same") },
    because: dilated,
    refused: { dilated: conv2d(1, "valid", 2) },
  },
  conv2dTranspose: exact(
    on(
      (x: T4, filter: T4) => tf.conv2dTranspose(x, filter, [1, 4, 6, 2], 2, "same"),
      any(1, 2, 3, 2),
      any(2, 2, 2, 2),
    ),
  ),
  conv3d: {
    exact: { "": conv3d(1, "valid"), "padded, in steps of two": conv3d(2, "same") },
    because: dilated,
    refused: { dilated: conv3d(1, "same", 2) },
  },
  conv3dTranspose: exact(
    on(
      (x: T5, filter: T5) => tf.conv3dTranspose(x, filter, [1, 4, 2, 4, 1], 2, "same"),
      any(1, 2, 1, 2, 2),
      any(2, 2, 2, 1, 2),
    ),
  ),
  depthwiseConv2d: {
    exact: { "": depthwise(1, "valid"), "padded, in steps of two": depthwise(2, "same") },
    because: dilated,
    refused: { dilated: depthwise(1, "valid", 2) },
  },
  dilation2d: exact(
    on((x: T4, filter: T3) => tf.dilation2d(x, filter, 1, "same"), any(1, 4, 3, 2), any(2, 2, 2)),
    {
      "dilated, in steps of two": on(
        (x: T4, filter: T3) => tf.dilation2d(x, filter, [2, 1], "valid", [2, 1]),
        any(1, 5, 3, 1),
        any(2, 2, 1),
      ),
    },
  ),
  "fused.conv2d": exact(
    on(
      (x: T4, filter: T4, bias: T) =>
        tf.fused.conv2d({ x, filter, strides: 1, pad: "valid", bias }),
      any(1, 3, 4, 2),
      any(2, 2, 2, 2),
      any(2),
    ),
    {
      "one image, relu": on(
        (x: T3, filter: T4) =>
          tf.fused.conv2d({ x, filter, strides: 1, pad: "same", activation: "relu" }),
        any(3, 3, 1),
        any(2, 2, 1, 2),
      ),
      "one image": on(
        (x: T3, filter: T4) => tf.fused.conv2d({ x, filter, strides: 1, pad: "same" }),
        any(3, 3, 1),
        any(2, 2, 1, 2),
      ),
    },
  ),
  "fused.depthwiseConv2d": exact(
    on(
      (x: T4, filter: T4, bias: T) =>
        tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: "valid", bias }),
      any(1, 3, 4, 2),
      any(2, 2, 2, 1),
      any(2),
    ),
  ),
  "image.cropAndResize": refused(
    sampling,
    on(
      (x: T4) => tf.image.cropAndResize(x, boxes(), ids([0]) as tf.Tensor1D, [2, 2]),
      any(1, 3, 3, 1),
    ),
  ),
  "image.flipLeftRight": exact(on((x: T4) => tf.image.flipLeftRight(x), any(1, 2, 3, 2))),
  "image.grayscaleToRGB": exact(on((x: T4) => tf.image.grayscaleToRGB(x), any(1, 2, 2, 1))),
  "image.nonMaxSuppression": constant(
    (x) =>
      tf.reshape(tf.image.nonMaxSuppression(boxes(), tf.reshape(x, [1]) as tf.Tensor1D, 1), []),
    positive(),
  ),
  "image.nonMaxSuppressionPadded": constant(
    (x) =>
      tf.image.nonMaxSuppressionPadded(boxes(), tf.reshape(x, [1]) as tf.Tensor1D, 1)
        .validOutputs as T,
    positive(),
  ),
  "image.nonMaxSuppressionWithScore": refused(
    "TensorFlow.js has no gradient of the scores",
    on(
      (x: tf.Tensor1D) => tf.image.nonMaxSuppressionWithScore(boxes(), x, 1).selectedScores as T,
      positive(1),
    ),
  ),
  "image.resizeBilinear": resize(tf.image.resizeBilinear),
  "image.resizeNearestNeighbor": resize(tf.image.resizeNearestNeighbor),
  "image.rgbToGrayscale": exact(on((x: T4) => tf.image.rgbToGrayscale(x), any(1, 2, 2, 3))),
  "image.rotateWithOffset": refused(
    sampling,
    on((x: T4) => tf.image.rotateWithOffset(x, 0.3), any(1, 3, 3, 1)),
  ),
  "image.threshold": constant(
    (x) => tf.image.threshold(tf.mul(tf.abs(x), 100) as T3, "binary", false, 0.4),
    any(3, 3, 1),
  ),
  "image.transform": refused(
    sampling,
    on(
      (x: T4) => tf.image.transform(x, tf.tensor2d([[1, 0.1, 0, 0, 1, 0, 0, 0]])),
      any(1, 3, 3, 1),
    ),
  ),
  localResponseNormalization: exact(
    on((x: T4) => tf.localResponseNormalization(x, 1, 1, 0.5, 0.7), any(1, 2, 2, 4)),
  ),
  maxPool: pool(tf.maxPool),
  maxPool3d: pool3d(tf.maxPool3d),
  maxPoolWithArgmax: exact(
    on((x: T4) => tf.maxPoolWithArgmax(x, 2, 2, "valid").result as T, any(1, 4, 4, 2)),
  ),
  pool: exact(
    on((x: T4) => tf.pool(x, [2, 2], "max", "same", 1, 2), any(1, 4, 4, 1)),
    {
      "the mean": on(
        (x: T4) => tf.pool(x, [2, 2], "avg", "valid", [1, 1], [2, 1]),
        any(1, 4, 4, 1),
      ),
    },
  ),
  separableConv2d: exact(
    on(
      (x: T4, depth: T4, point: T4) => tf.separableConv2d(x, depth, point, 1, "same"),
      any(1, 3, 3, 2),
      any(2, 2, 2, 1),
      any(1, 1, 2, 3),
    ),
  ),
};
