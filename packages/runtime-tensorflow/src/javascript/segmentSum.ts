import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { Access, Numbers } from "./access.js";

/** Arguments of the kernel `UnsortedSegmentSum`. */
export interface SegmentSumCall {
  readonly inputs: {
    /** [...ids, ...inner] */
    readonly x: tf.TensorInfo;
    /** [...ids], int32 */
    readonly segmentIds: tf.TensorInfo;
  };
  readonly attrs: { readonly numSegments: number };
}

/**
 * Sums the rows of `x` that have the same segment id: [segments, ...inner]. The gradient of an embedding lookup uses
 * it.
 *
 * As TensorFlow defines it, a row with a negative id is left out, and an id beyond the last segment
 * is an error.
 *
 * @throws MetaError `BAD_DATA` for an id beyond the last segment
 */
export function segmentSum(
  { view, filled }: Access,
  { inputs: { x, segmentIds }, attrs: { numSegments } }: SegmentSumCall,
): tf.TensorInfo {
  const inner = x.shape.slice(segmentIds.shape.length);
  const width = tf.util.sizeFromShape(inner);
  const { tensor, values: sums } = filled([numSegments, ...inner], x.dtype, 0);
  const rows = view(x); // only now: allocating may move the WASM heap
  view(segmentIds).forEach((id, row) => {
    if (id < 0) return;
    if (id >= numSegments) {
      throw new MetaError(
        "BAD_DATA",
        `unsortedSegmentSum: segmentIds[${row}] is ${id}, but there are ${numSegments} segments.`,
      );
    }
    addTo(sums, id * width, rows, row * width, width);
  });
  return tensor;
}

/** `target[to + i] += source[from + i]` for i below `width`. */
function addTo(target: Numbers, to: number, source: Numbers, from: number, width: number): void {
  for (let i = 0; i < width; i++) {
    target[to + i] = (target[to + i] as number) + (source[from + i] as number);
  }
}
