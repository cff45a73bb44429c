import { MetaError } from "../errors.js";
import { filterParams, type Params } from "../params.js";
import type { Learner } from "./learner.js";

/** The beginning of the names of tensors that belong to a learner. */
const prefix = "learner.";

/** Whether a tensor is the learner's. */
export function isLearnerName(name: string): boolean {
  return name.startsWith(prefix);
}

/** The tensors that are the model's: all but those of `Learner.metaParams`. */
export function modelParams(params: Params): Params {
  return filterParams(params, (name) => !isLearnerName(name));
}

/** The tensors that are the learner's: those of `Learner.metaParams`. */
export function learnerParams(params: Params): Params {
  return filterParams(params, isLearnerName);
}

/**
 * `params` with the learner's own tensors after the model's: those that are there already, or else
 * new ones, which the caller owns.
 *
 * @throws MetaError `BAD_OPTION` when the learner gives a tensor a name that could be the model's
 */
export function withMetaParams(
  learner: Pick<Learner, "name" | "metaParams">,
  params: Params,
): Params {
  if (!learner.metaParams || Object.keys(learnerParams(params)).length > 0) return params;
  const added = learner.metaParams(params);
  const [wrong] = Object.keys(modelParams(added));
  if (wrong !== undefined) {
    throw new MetaError(
      "BAD_OPTION",
      `The names of a learner's tensors must begin with "${prefix}", but ${learner.name} calls one "${wrong}".`,
    );
  }
  return { ...params, ...added };
}
