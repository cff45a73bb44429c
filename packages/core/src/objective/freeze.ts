import type { Batch } from "../batch/batch.js";
import type { Model, Segment } from "../contracts/model.js";
import { matchingNames } from "../matchingNames.js";
import { filterParams, type Params, tensorNamed } from "../params.js";

/** A model with frozen parameters. */
export interface PartlyFrozen<B extends Batch = Batch> {
  /** The model as a function of its trained parameters; frozen parameters are constants. */
  readonly model: Pick<Model<B>, "name" | "loss" | "segments">;
  /** Trained tensors of the given parameters. */
  readonly trained: Params;
  /** All parameters in the model's order: `trained`, and the frozen tensors, which are not copied. */
  whole(trained: Params): Params;
}

/**
 * Freezes parameters. Learners and optimizers never receive them, so that frozen parameters have no
 * gradients, no moments and no copies.
 *
 * @param trainable patterns of the parameters that are not frozen, as {@link matchingNames} reads them
 * @throws MetaError `BAD_OPTION` for a pattern that no name matches
 */
export function freeze<B extends Batch>(
  model: Model<B>,
  params: Params,
  trainable: readonly string[],
): PartlyFrozen<B> {
  const trainedNames = new Set(matchingNames(Object.keys(params), trainable, "trainable"));
  const whole = (trained: Params): Params => ({ ...params, ...trained }); // keeps the order
  return {
    model: {
      name: model.name,
      loss: (trained, batch) => model.loss(whole(trained), batch),
      ...(model.segments && {
        segments: model.segments.map((segment) => partOf(segment, params, trainedNames)),
      }),
    },
    trained: filterParams(params, (name) => trainedNames.has(name)),
    whole,
  };
}

/** Makes a segment a function of its trained parameters. */
function partOf<B extends Batch>(
  segment: Segment<B>,
  params: Params,
  trained: ReadonlySet<string>,
): Segment<B> {
  const names = Object.entries(segment.params);
  const frozen = names.filter(([, name]) => !trained.has(name));
  if (frozen.length === 0) return segment;
  const fixed = Object.fromEntries(
    frozen.map(([local, name]) => [local, tensorNamed(params, name)]),
  );
  return {
    params: Object.fromEntries(names.filter(([, name]) => trained.has(name))),
    apply: (own, state, batch) => segment.apply({ ...own, ...fixed }, state, batch),
  };
}
