import type { LanguageModel } from "../contracts/model.js";

const [fewest, most] = [1_024, 8_192];

/**
 * Number of tokens per batch, padding included, that take half of the memory that is free for the process
 * (within its container's limit), by the model's own estimate: at least 1024, one sequence of GPT-2's
 * length, and at most 8192, so that an interruption takes effect soon. Considers the host's memory only,
 * not a GPU's.
 *
 * @param context maximum number of tokens that a token attends to
 */
export function tokensAtOnce({ bytesPerToken }: LanguageModel, context: number): number {
  const bytes = bytesPerToken?.(context) ?? 2 ** 20;
  const fitting = Math.floor(process.availableMemory() / 2 / bytes);
  return Math.min(Math.max(fitting, fewest), most);
}
