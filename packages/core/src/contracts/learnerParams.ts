import { MetaError } from "../errors.js";
import { filterParams, type Params } from "../params.js";
import type { Learner } from "./learner.js";

/** Prefix of the names of a learner's own tensors. */
const prefix = "learner.";

/** True for names of a learner's own tensors. */
export function isLearnerName(name: string): boolean {
  return name.startsWith(prefix);
}

/** Model parameters: all tensors except those of `Learner.metaParams`. */
export function modelParams(params: Params): Params {
  return filterParams(params, (name) => !isLearnerName(name));
}

/** Learner parameters: the tensors of `Learner.metaParams`. */
export function learnerParams(params: Params): Params {
  return filterParams(params, isLearnerName);
}

/**
 * Appends the learner's own tensors to `params`, unless `params` already contains them. The caller owns
 * the new tensors.
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
