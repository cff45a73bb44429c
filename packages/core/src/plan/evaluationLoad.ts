import type { RunConfig } from "../config/schema.js";
import { isLanguageModel } from "../contracts/model.js";
import type { EpisodeTarget, Question, TargetTask } from "../contracts/task.js";
import { planReading } from "../evaluate/planReading.js";
import type { Run } from "../run/openRun.js";

/** Amount of text that an evaluation reads. */
export interface EvaluationLoad {
  readonly targets: number;
  readonly seeds: number;
  /** Number of questions; episodes are not counted. */
  readonly questions: number;
  /** Number of tokens without padding; tokens that questions share count once. */
  readonly tokens: number;
}

/** Counts the questions of targets under the first seed, for every seed. */
export async function evaluationLoad(
  { model }: Pick<Run, "model">,
  targets: readonly (TargetTask | EpisodeTarget)[],
  seeds: readonly number[],
): Promise<EvaluationLoad> {
  const shares = isLanguageModel(model) && model.trees !== undefined;
  let [questions, tokens] = [0, 0];
  for (const target of targets) {
    if (!("questions" in target)) continue;
    const asked = await target.questions(seeds[0] as number);
    questions += asked.length;
    tokens += tokensOf(asked, shares);
  }
  const times = seeds.length;
  return {
    targets: targets.length,
    seeds: times,
    questions: questions * times,
    tokens: tokens * times,
  };
}

/** Load of all validations of a training, if it has any. */
export async function validationLoad(
  run: Pick<Run, "tasks" | "model">,
  updates: number,
  { validate }: RunConfig["train"],
): Promise<EvaluationLoad | undefined> {
  if (!validate) return undefined;
  const one = await evaluationLoad(run, run.tasks.devTargets ?? [], validate.seeds);
  const times = Math.ceil(updates / validate.every);
  return {
    targets: one.targets,
    seeds: one.seeds * times,
    questions: one.questions * times,
    tokens: one.tokens * times,
  };
}

/** Ratio of two loads: by tokens, or by targets and seeds where no tokens are read. */
export function shareOf(part: EvaluationLoad, whole: EvaluationLoad): number {
  if (whole.tokens > 0) return part.tokens / whole.tokens;
  return (part.targets * part.seeds) / (whole.targets * whole.seeds);
}

/** Number of tokens that scoring reads; of generated answers, those of prompts. @param shares true if shared beginnings are read once */
export function tokensOf(questions: readonly Question[], shares: boolean): number {
  const sequences = questions.map((question) => question.sequences);
  const lengths = shares
    ? planReading(sequences).flatMap(({ prefix, trees }) => [
        prefix.length,
        ...trees.map(({ ids }) => ids.length),
      ])
    : sequences.flat().map(({ ids }) => ids.length);
  const prompts = questions.map(({ prompt }) => prompt?.length ?? 0);
  return [...lengths, ...prompts].reduce((sum, length) => sum + length, 0);
}
