import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { rebuilder } from "./structure.js";
import type { Trace } from "./trace.js";

/** What a function returns, of the tensors that the engine returned and those that were passed. */
export type ResultPlan = (outputs: readonly tf.Tensor[], passed: readonly tf.Tensor[]) => unknown;

/** What a function returned while it was recorded. */
export interface TracedResult {
  /** Tensors that have to be computed. */
  readonly outputs: readonly tf.Tensor[];
  /** Arguments' tensors, by number, that are passed on as they are. */
  readonly passedOn: ReadonlySet<number>;
  readonly result: ResultPlan;
}

/**
 * How to build what was returned. A tensor that was passed is returned itself, and so is one from
 * outside; what is repeated is repeated.
 */
export function resultOf(returned: unknown, passed: readonly tf.Tensor[]): TracedResult {
  const outputs = new Set<tf.Tensor>();
  const passedOn = new Set<number>();
  type Context = [outputs: readonly tf.Tensor[], passed: readonly tf.Tensor[]];
  const result = rebuilder<Context>(returned, (tensor) => {
    const argument = passed.indexOf(tensor);
    if (argument >= 0) {
      passedOn.add(argument);
      return (_, args) => args[argument] as tf.Tensor;
    }
    if (tensor.isDisposed) {
      throw new MetaError("BAD_OPTION", "A compiled function returned a tensor that is disposed.");
    }
    const owner = tf.engine().state.tensorInfo.get(tensor.dataId)?.backend;
    if (owner !== tf.backend()) return () => tensor;
    const output = outputs.add(tensor) && [...outputs].indexOf(tensor);
    return (computed) => computed[output] as tf.Tensor;
  });
  return { outputs: [...outputs], passedOn, result };
}

/** Outputs of a function, made different from each other and from its inputs, as they must be. */
export function distinctIds(
  { builder }: Pick<Trace, "builder">,
  ids: readonly number[],
  inputs: readonly number[],
): number[] {
  const used = new Set(inputs);
  return ids.map((id) => {
    const isFree = !used.has(id);
    const own = isFree ? id : builder.copy(id).id;
    used.add(own);
    return own;
  });
}
