import type { EpisodeTarget, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { checkMethod } from "../evaluate/answerMethods.js";
import type { Run } from "./openRun.js";

/**
 * Checks that a run's targets can be evaluated as its config asks: before training, not after it.
 *
 * @throws MetaError `BAD_OPTION` for a method that a target does not allow; `BAD_CONFIG` for seeds that a
 *   target has no demonstrations for
 */
export function checkTargets({ config, tasks }: Pick<Run, "config" | "tasks">): void {
  const { method, seeds } = config.evaluate;
  for (const target of tasks.targets) {
    checkMethod(target, method);
    checkSeeds(target, seeds, "evaluate.seeds");
  }
}

/** Checks the dev tasks in the same way, where a run validates. @throws as {@link checkTargets} */
export function checkDevTargets({ config, tasks }: Pick<Run, "config" | "tasks">): void {
  const { validate } = config.train;
  if (!validate) return;
  for (const target of tasks.devTargets ?? []) {
    checkMethod(target, "likelihood");
    checkSeeds(target, validate.seeds, "train.validate.seeds");
  }
}

/** @param key the config key of the seeds, for messages */
function checkSeeds(
  target: TargetTask | EpisodeTarget,
  seeds: readonly number[],
  key: string,
): void {
  const known = "questions" in target ? target.seeds : undefined;
  const missing = known && seeds.find((seed) => !known.includes(seed));
  if (missing === undefined) return;
  throw new MetaError(
    "BAD_CONFIG",
    `${key}: expected seeds that the task "${target.name}" has demonstrations for (${known?.join(", ")}), got ${missing}.`,
  );
}
