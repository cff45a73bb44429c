import { MetaError } from "@metalearn/core";
import { generate } from "random-words";
import type { Example } from "./example.js";
import type { TaskType } from "./settings.js";

/**
 * Replaces each label of a classification task by a random English word: the same word in all rows and files
 * of the task, and a different one for every label. Tasks of other types are returned unchanged, because
 * their options differ from row to row.
 *
 * Source: Min et al. 2022, table 13.
 *
 * @param seed decides the words, together with the task's name
 */
export function withRandomWords(
  examples: readonly Example[],
  { task, taskType, seed }: { task: string; taskType: TaskType; seed: number },
): Example[] {
  if (taskType !== "classification") return [...examples];
  const labels = examples[0]?.options.map((option) => option.trim()) ?? [];
  const words = distinctWords(`${seed} ${task}`, labels.length);
  // Answers are compared without surrounding white space, so that they are looked up without it, too.
  const wordFor = (label: string) => words[labels.indexOf(label.trim())] as string;
  return examples.map(({ input, outputs, options }) => {
    const [first, ...others] = outputs;
    return {
      input,
      outputs: [wordFor(first), ...others.map(wordFor)],
      options: options.map(wordFor),
    };
  });
}

function distinctWords(seed: string, count: number): string[] {
  // Among this many draws from about 2,000 words, enough are different.
  const drawn = new Set(generate({ exactly: 2 * count + 20, seed }));
  if (drawn.size < count) {
    throw new MetaError("BAD_DATA", `There are not enough English words for ${count} labels.`);
  }
  return [...drawn].slice(0, count);
}
