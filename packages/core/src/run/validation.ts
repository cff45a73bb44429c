import type { CheckpointedRun, Validation } from "../checkpoint/checkpoint.js";
import type { RunConfig } from "../config/schema.js";
import { evaluate } from "../evaluate/evaluate.js";
import type { Params } from "../params.js";
import type { OpenRun } from "./openRun.js";

type Best = CheckpointedRun["best"];

/** Scores parameters on dev tasks. */
export async function validate(
  { model, tasks, runtime, adaptation }: OpenRun,
  params: Params,
  { evaluate: options, train }: RunConfig,
): Promise<number> {
  const { all } = await evaluate({
    model,
    params,
    targets: tasks.devTargets ?? [],
    seeds: train.validate?.seeds ?? [],
    adaptation,
    tokensPerBatch: options.tokensPerBatch,
    runtime,
  });
  return all.mean;
}

/** The best validation after one more. */
export function bestOf(before: Best, { update, score }: Validation): NonNullable<Best> {
  if (before && before.score >= score) return { ...before, since: before.since + 1 };
  return { update, score, since: 0 };
}
