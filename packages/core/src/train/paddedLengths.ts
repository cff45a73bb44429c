import type { TensorRuntime } from "../contracts/runtime.js";
import type { EpisodeShape, TaskSource } from "../contracts/task.js";
import { type Buckets, chooseBuckets } from "./chooseBuckets.js";

/** Options of {@link choosePaddedLengths}. */
export interface PaddingOptions {
  readonly tasks: Pick<TaskSource, "trainingLengths">;
  readonly runtime: Pick<TensorRuntime, "compile">;
  readonly batchSize: number;
  /** Source of a batch's examples: one task, or the mixture of all tasks. */
  readonly unit: EpisodeShape["unit"];
}

/**
 * Chooses the lengths to pad training batches to, for `TaskSource.sampler`. `undefined` if every batch may be as long
 * as its longest sequence: a runtime that does not compile is not slowed by new shapes, and a source without
 * `trainingLengths` gives nothing to choose from.
 */
export function choosePaddedLengths({
  tasks,
  runtime,
  batchSize,
  unit,
}: PaddingOptions): Buckets | undefined {
  if (!compiles(runtime)) return undefined;
  const known = tasks.trainingLengths?.();
  if (!known) return undefined;
  const { byTask, longest } = known;
  const groups = unit === "task" ? byTask : [byTask.flat()];
  // Below the target of 0.15, since the sample is not exact.
  const { sizes, waste } = chooseBuckets(groups, { batchSize, waste: 0.1 });
  // The sample may have missed the longest sequence. An unused size costs nothing.
  return { sizes: sizes.includes(longest) ? sizes : [...sizes, longest], waste };
}

/** True for an engine that compiles: `compile` of one that cannot returns the function itself, by contract. */
function compiles(runtime: Pick<TensorRuntime, "compile">): boolean {
  const probe = () => undefined;
  return runtime.compile(probe) !== probe;
}
