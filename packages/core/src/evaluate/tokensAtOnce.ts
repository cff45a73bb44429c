import type { LanguageModel } from "../contracts/model.js";

const [fewest, most] = [1_024, 8_192];

/**
 * How many tokens, padding included, are scored at once: as many as take half of the memory that is
 * free for the process (what its container leaves, where that is less than what the machine has), by
 * the model's own estimate; but at least 1024, one sequence of GPT-2's length, and at most 8192, so
 * that an interruption is heard soon. Memory is the machine's: that of a GPU is not asked for.
 *
 * @param context the most tokens that one of them sees
 */
export function tokensAtOnce({ bytesPerToken }: LanguageModel, context: number): number {
  const bytes = bytesPerToken?.(context) ?? 2 ** 20;
  const fitting = Math.floor(process.availableMemory() / 2 / bytes);
  return Math.min(Math.max(fitting, fewest), most);
}
