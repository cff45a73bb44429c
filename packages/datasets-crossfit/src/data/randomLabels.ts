import { randomFor } from "@metalearn/core";
import type { Example } from "./example.js";

/**
 * Replaces the answers of demonstrations by ones drawn uniformly from their options, or, for free-form
 * answers, from those of all rows. The demonstrations then carry no information about the right answers.
 *
 * Source: Min et al. 2022, "Rethinking the Role of Demonstrations", section 4.1 (random labels).
 */
export function withRandomLabels(
  examples: readonly Example[],
  { task, seed }: { task: string; seed: number },
): Example[] {
  const answers = [...new Set(examples.map(({ outputs }) => outputs[0]))];
  return examples.map((example, row) => {
    const choices = example.options.length > 0 ? example.options : answers;
    const random = randomFor("random labels", task, seed, row);
    return { ...example, outputs: [choices[random.integer(choices.length)] as string] };
  });
}
