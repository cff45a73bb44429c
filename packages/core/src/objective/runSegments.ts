import type { Segment } from "../contracts/model.js";
import { type Params, tensorNamed } from "../params.js";
import { tidy } from "../tidy.js";

/**
 * Runs segments one after the other, each on the output of the one before. Intermediate tensors of a
 * segment are freed when it ends, unless a gradient needs them.
 *
 * @returns the output of the last one, which is `{ loss }` for a model's segments
 * @example loss: (params, batch) => tidy(() => runSegments(segments, params, batch).loss as tf.Scalar)
 * @throws MetaError `UNKNOWN_NAME` when a segment reads a parameter that is not there
 */
export function runSegments<B>(segments: readonly Segment<B>[], params: Params, batch: B): Params {
  let state: Params = {};
  for (const segment of segments) {
    const input = state;
    const names = Object.entries(segment.params);
    const own = Object.fromEntries(
      names.map(([local, name]) => [local, tensorNamed(params, name)]),
    );
    state = tidy(() => segment.apply(own, input, batch));
  }
  return state;
}
