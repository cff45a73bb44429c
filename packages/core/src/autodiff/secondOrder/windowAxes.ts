import * as tf from "@tensorflow/tfjs";
import type { WindowAxis } from "./windows.js";

/** Computes the window axes of a kernel over an input of `shape`. */
export type AxesOf = (
  shape: readonly number[],
  attributes: Readonly<Record<string, unknown>>,
) => WindowAxis[];

/** Sets the number of windows per axis to that of the results: not every engine follows dimRoundingMode. */
export function counted(axes: readonly WindowAxis[], results: tf.Tensor): WindowAxis[] {
  return axes.map((axis, i) => ({ ...axis, count: results.shape[i + 1] as number }));
}

/** Window axes of 2D pooling: height and width. */
export const axesOf2d: AxesOf = (shape, { filterSize, strides, pad, ...more }) => {
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize as number,
    strides as number,
    1,
    pad as number,
    more.dimRoundingMode as "floor",
  );
  return planeAxes(info);
};

/** Window axes of 3D pooling: depth, height and width. */
export const axesOf3d: AxesOf = (shape, { filterSize, strides, pad, ...more }) => {
  const info = tf.backend_util.computePool3DInfo(
    shape as [number, number, number, number, number],
    filterSize as number,
    strides as number,
    1,
    pad as number,
    more.dimRoundingMode as "floor",
  );
  const depth: WindowAxis = {
    before: info.padInfo.front,
    count: info.outDepth,
    size: info.filterDepth,
    stride: info.strideDepth,
    dilation: info.dilationDepth,
  };
  return [depth, ...planeAxes(info)];
};

/** Window axes of height and width, from TensorFlow.js's description of a convolution. */
export function planeAxes(
  info: Omit<tf.backend_util.Conv2DInfo, "padInfo" | "inShape" | "outShape" | "filterShape"> & {
    readonly padInfo: { readonly top: number; readonly left: number };
  },
): WindowAxis[] {
  return [
    {
      before: info.padInfo.top,
      count: info.outHeight,
      size: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
    },
    {
      before: info.padInfo.left,
      count: info.outWidth,
      size: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
    },
  ];
}
