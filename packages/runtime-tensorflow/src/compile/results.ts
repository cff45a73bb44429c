import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { rebuilder } from "./structure.js";
import type { Trace } from "./trace.js";

/** Builds a function's result from the engine's outputs and the passed tensors. */
export type ResultPlan = (outputs: readonly tf.Tensor[], passed: readonly tf.Tensor[]) => unknown;

/** Result of a function while it was traced. */
export interface TracedResult {
  /** Tensors that have to be computed. */
  readonly outputs: readonly tf.Tensor[];
  /** Indices of argument tensors that are returned themselves. */
  readonly passedOn: ReadonlySet<number>;
  readonly result: ResultPlan;
}

/**
 * Makes the plan that rebuilds a traced result. Passed and captured tensors are returned themselves;
 * repeated tensors are repeated.
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

/** Ids of a function's outputs, with copies of those that repeat or are inputs, since ids must be distinct. */
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
