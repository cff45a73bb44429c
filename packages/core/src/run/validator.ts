import type { Checkpoint, CheckpointedRun, Validation } from "../checkpoint/checkpoint.js";
import { evaluate } from "../evaluate/evaluate.js";
import type { Run, TrainingRun } from "./openRun.js";

type Best = CheckpointedRun["best"];

/** Scores a run on its dev tasks during training, if `train.validate` is set. */
export interface Validator {
  /** The best validation so far, if there was one. */
  best(): Best;
  /** True if dev tasks are scored after this update. */
  isDue(update: number): boolean;
  /** Scores the dev tasks; the result goes into the metrics. Nothing if the signal is aborted. */
  score(at: Pick<Checkpoint, "update" | "params">): Promise<{ devScore: number } | undefined>;
  /** True if this is the last update, or the score has not improved for `patience` validations. */
  endsTraining(update: number): boolean;
}

/** Opens the validator of a run. @param before the best validation before the run was interrupted */
export function openValidator(run: TrainingRun, before: Best): Validator {
  const { title, emit, notify } = run;
  const { every = 0, patience = Number.POSITIVE_INFINITY } = run.config.train.validate ?? {};
  const { updates } = run.training;
  let best = before;
  return {
    best: () => best,
    isDue: (update) => every > 0 && (update === updates || update % every === 0),
    async score({ update, params }) {
      const devScore = await scoreDevTasks(run, params);
      if (devScore === undefined) return undefined;
      best = bestOf(best, { update, score: devScore });
      const isBest = best.update === update;
      await emit({ kind: "validated", update, score: devScore, isBest });
      const comment = isBest ? ", the best so far" : "";
      const percent = (100 * devScore).toFixed(1);
      notify(`${title}: ${percent} % on dev tasks at update ${update}${comment}`);
      return { devScore };
    },
    endsTraining(update) {
      const givesUp = best !== undefined && best.since >= patience;
      if (givesUp && update < updates) {
        notify(
          `${title} stops early, at update ${update} of ${updates}: the best score on dev tasks is that of update ${best?.update}.`,
        );
      }
      return givesUp || update === updates;
    },
  };
}

async function scoreDevTasks(
  { config, model, tasks, runtime, adaptation, signal, emit }: Run,
  params: Checkpoint["params"],
): Promise<number | undefined> {
  try {
    const { all } = await evaluate({
      model,
      params,
      targets: tasks.devTargets ?? [],
      seeds: config.train.validate?.seeds ?? [],
      adaptation,
      tokensPerBatch: config.evaluate.tokensPerBatch,
      maxNewTokens: config.evaluate.maxNewTokens,
      runtime,
      ...(signal && { signal }),
      onProgress: (progress) => emit({ kind: "validate", ...progress }),
    });
    return all.mean;
  } catch (error) {
    if (signal?.aborted) return undefined;
    throw error;
  }
}

/** The best validation after a further one; ties go to the earlier one. */

function bestOf(before: Best, { update, score }: Validation): NonNullable<Best> {
  if (before && before.score >= score) return { ...before, since: before.since + 1 };
  return { update, score, since: 0 };
}
