import type { ComparedRun } from "@metalearn/core/runs";

/** Facts about a run's tasks that tell whether a target was trained on. */
export type TrainedRun = {
  readonly record: Pick<ComparedRun["record"], "trainingTasks">;
  readonly evaluation: Pick<ComparedRun["evaluation"], "tasks">;
};

/**
 * Targets whose questions are scored and that are training tasks, too. Held-out episodes bear the name of the
 * distribution that training episodes come from, but are none of them.
 */
export function targetsTrainedOn({ record, evaluation }: TrainedRun): string[] {
  const trained = new Set(record.trainingTasks ?? []);
  return evaluation.tasks
    .filter((score) => !isEpisodic(score) && trained.has(score.task))
    .map(({ task }) => task);
}

/** True for the score of held-out episodes. Earlier versions recorded only the metric, which is theirs alone for r2. */
export function isEpisodic({
  episodic = false,
  metric,
}: Pick<ComparedRun["evaluation"]["tasks"][number], "episodic" | "metric">): boolean {
  return episodic || metric === "r2";
}
