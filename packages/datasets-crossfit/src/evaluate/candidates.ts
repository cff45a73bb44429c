import { randomFor } from "@metalearn/core";
import type { Example } from "../data/example.js";

/**
 * What may be answered to each row: its options, or, where the answer is free-form, its own first
 * answer among `count` different ones that the rows of the task have, in random order. They depend on
 * the task alone, so that every run chooses from the same. With a count of 0 there are none.
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
