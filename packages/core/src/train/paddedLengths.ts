import type { TensorRuntime } from "../contracts/runtime.js";
import type { EpisodeShape, TaskSource } from "../contracts/task.js";
import { type Buckets, chooseBuckets } from "./chooseBuckets.js";

/** What decides whether and how training batches are padded. */
export interface PaddingOptions {
  readonly tasks: Pick<TaskSource, "trainingLengths">;
  readonly runtime: Pick<TensorRuntime, "compile">;
  readonly batchSize: number;
  /** Whether one batch comes from one task. */
  readonly unit: EpisodeShape["unit"];
}

/**
 * Lengths that training batches are to be padded to, for `TaskSource.sampler`. `undefined` when
 * every batch may be as long as its longest sequence: a runtime that does not compile is not
 * slowed by new shapes, and a source that does not tell its lengths has none to choose from.
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
  // Below the 0.15 that are wanted, since the sample is not exact.
  const { sizes, waste } = chooseBuckets(groups, { batchSize, waste: 0.1 });
  // The sample may have missed the longest sequence. Its size costs nothing until it comes.
  return { sizes: sizes.includes(longest) ? sizes : [...sizes, longest], waste };
}

/** By contract, `compile` of an engine that cannot compile returns the function itself. */
function compiles(runtime: Pick<TensorRuntime, "compile">): boolean {
  const probe = () => undefined;
  return runtime.compile(probe) !== probe;
}
