import type { EpisodeTarget, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { type AnswerMethod, checkMethod } from "../evaluate/answerMethods.js";

/** What targets will be asked. */
export interface TargetsAsked {
  readonly seeds: readonly number[];
  /** Where the config has the seeds, for messages. */
  readonly key: string;
  /** @default "likelihood" */
  readonly method?: AnswerMethod;
}

/**
 * Makes sure that targets can be evaluated as a config asks: before training, not after it.
 *
 * @throws MetaError `BAD_OPTION`; `BAD_CONFIG` for seeds that a target has no demonstrations for
 */
export function checkTargets(
  targets: readonly (TargetTask | EpisodeTarget)[],
  { seeds, key, method = "likelihood" }: TargetsAsked,
): void {
  for (const target of targets) {
    checkMethod(target, method);
    const known = "questions" in target ? target.seeds : undefined;
    const missing = known && seeds.find((seed) => !known.includes(seed));
    if (missing === undefined) continue;
    throw new MetaError(
      "BAD_CONFIG",
      `${key}: the task "${target.name}" has no demonstrations for seed ${missing}; it has those of ${known?.join(", ")}.`,
    );
  }
}
