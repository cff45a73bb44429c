import { resolve } from "node:path";
import type { TrackerRecord } from "../../contracts/tracker.js";
import type { Run } from "../openRun.js";
import { type EvaluationRecord, readEvaluation } from "../record/evaluationRecord.js";
import { readMetrics } from "../record/runMetrics.js";

/** Sends the run's description and its earlier metrics to its tracker, if it has one. */
export async function beginTracking(run: Run): Promise<void> {
  const { name, config, directory, tracker, runtime, training } = run;
  if (!tracker?.begin) return;
  const updates = training?.updates ?? 0;
  const evaluation = await readEvaluation(directory).catch(() => undefined); // damaged: it is written anew
  await tracker.begin({
    name,
    seed: config.seed,
    directory: resolve(directory),
    config,
    updates,
    engine: { name: runtime.name, device: runtime.device, version: runtime.version },
    history: [
      ...(await readMetrics(directory)),
      ...(evaluation ? [evaluationMetrics(evaluation, updates)] : []),
    ],
  });
}

/** Metrics of an evaluation as trackers log them: scores of at most 1, seconds, bytes. */
export function evaluationMetrics(
  { all, unseen, tasks, seconds, peakBytes }: EvaluationRecord,
  update: number,
): TrackerRecord {
  return {
    update,
    "evaluation/mean": all.mean,
    "evaluation/worst": all.worst,
    "evaluation/chance": all.chance,
    ...(unseen && { "evaluation/unseenMean": unseen.mean, "evaluation/unseenWorst": unseen.worst }),
    "evaluation/seconds": seconds,
    "evaluation/peakBytes": peakBytes,
    ...Object.fromEntries(tasks.map(({ task, mean }) => [`task/${task}`, mean])),
  };
}
