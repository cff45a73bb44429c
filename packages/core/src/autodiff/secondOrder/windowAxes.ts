import * as tf from "@tensorflow/tfjs";
import type { WindowAxis } from "./windows.js";

/** Where the windows of a kernel lie over an input of `shape`. */
export type AxesOf = (
  shape: readonly number[],
  attributes: Readonly<Record<string, unknown>>,
) => WindowAxis[];

/** The same axes with as many windows as there are results: not every engine rounds their number as asked. */
export function counted(axes: readonly WindowAxis[], results: tf.Tensor): WindowAxis[] {
  return axes.map((axis, i) => ({ ...axis, count: results.shape[i + 1] as number }));
}

/** The axes of a pooling of images. */
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

/** The axes of a pooling of volumes. */
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

/** The two axes of images, from what TensorFlow.js computes of windows. */
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
