import { planReading } from "../evaluate/planReading.js";
import { isLanguageModel } from "../model.js";
import type { OpenRun } from "../run/openRun.js";
import type { Question } from "../task.js";

/** What an evaluation reads. */
export interface EvaluationLoad {
  readonly targets: number;
  readonly seeds: number;
  /** Questions, or episodes are not counted. */
  readonly questions: number;
  /** Without padding; those that questions share are read, and counted, once. */
  readonly tokens: number;
}

/** Reads the questions of all targets under the first seed, and counts them for every seed. */
export async function evaluationLoad(
  { tasks: { targets }, model }: Pick<OpenRun, "tasks" | "model">,
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

/** Tokens that scoring reads. @param shares whether what sequences begin with is read once */
export function tokensOf(questions: readonly Question[], shares: boolean): number {
  const sequences = questions.map((question) => question.sequences);
  const lengths = shares
    ? planReading(sequences).flatMap(({ prefix, trees }) => [
        prefix.length,
        ...trees.map(({ ids }) => ids.length),
      ])
    : sequences.flat().map(({ ids }) => ids.length);
  return lengths.reduce((sum, length) => sum + length, 0);
}
