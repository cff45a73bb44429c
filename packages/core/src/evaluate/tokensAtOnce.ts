import type { LanguageModel } from "../model.js";

const [fewest, most] = [1_024, 8_192];

/**
 * How many tokens, padding included, are scored at once: as many as take half of the memory that is
 * free for the process (what its container leaves, where that is less than the machine's), by the
 * model's own estimate; but 1024 at least, a single sequence of the usual length, and 8192 at most,
 * since larger batches are not faster.
 *
 * @param context the most tokens that one of them sees
 */
export function tokensAtOnce({ bytesPerToken }: LanguageModel, context: number): number {
  const bytes = bytesPerToken?.(context) ?? 2 ** 20;
  const fitting = Math.floor(process.availableMemory() / 2 / bytes);
  return Math.min(Math.max(fitting, fewest), most);
}
