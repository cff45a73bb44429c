import { randomFor } from "@metalearn/core";
import type { Example } from "../data/example.js";

/**
 * Answers to choose from, for each row: its options or, for free-form answers, its own first answer among
 * `count` different answers of the task's rows, in random order. They depend on the task only, so that every
 * run chooses from the same ones. With a count of 0 there are none.
 */
export function candidates(
  examples: readonly Example[],
  { task, count }: { task: string; count: number },
): (row: number) => readonly string[] {
  const answers = [...new Set(examples.map(({ outputs }) => outputs[0].trim()))];
  return (row) => {
    const { options, outputs } = examples[row] as Example;
    if (options.length > 0 || count === 0) return options;
    const acceptable = outputs.map((output) => output.trim());
    const others = answers.filter((answer) => !acceptable.includes(answer));
    const random = randomFor("candidates", task, row);
    const wrong = random.sample(others, Math.min(count - 1, others.length));
    return random.shuffle([acceptable[0] as string, ...wrong]);
  };
}
