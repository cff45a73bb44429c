import { writeFile } from "node:fs/promises";
import type { TokenSequence } from "@metalearn/core";
import { crossfit } from "@metalearn/datasets-crossfit";
import { gpt2Tokenizer } from "@metalearn/models-gpt2";

/** Questions that share their demonstrations. */
export interface QuestionSet {
  readonly task: string;
  readonly seed: number;
  /** Sequences of each question, one per option. */
  readonly questions: readonly (readonly TokenSequence[])[];
}

const tasks = ["glue-wnli", "openbookqa", "tweet_eval-stance_atheism"];
const seeds = [100, 13, 21, 42, 87];

/**
 * Writes the questions of three target tasks as tokens, for both sides to read: 16 demonstrations,
 * five sets of them, at most 1024 tokens.
 *
 * @param root  a folder of tasks in MetaICL's format
 * @param count questions per task and set of demonstrations, at most
 */
export async function writeQuestions(root: string, count: number, path: string): Promise<void> {
  const { targets } = await crossfit({
    root,
    setting: "hr_to_lr",
    tokenizer: gpt2Tokenizer,
    targets: tasks,
    maxTestExamples: count,
    cache: false,
  });
  const sets: QuestionSet[] = [];
  for (const { name: task, questions } of targets) {
    for (const seed of seeds) {
      const asked = await questions(seed);
      sets.push({ task, seed, questions: asked.map(({ sequences }) => sequences) });
    }
  }
  await writeFile(path, JSON.stringify(sets));
}
