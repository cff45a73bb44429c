import { type LanguageModel, MetaError } from "@metalearn/core";
import type { CrossfitOptions } from "../options.js";

/**
 * The longest sequence and the longest example of a config, by default as much as the model can read
 * and MetaICL reads.
 *
 * @throws MetaError `BAD_OPTION` when the model cannot read so much
 */
export function tokenLimits(
  { maxTokens, maxExampleTokens }: Pick<CrossfitOptions, "maxTokens" | "maxExampleTokens">,
  model: Pick<LanguageModel, "name" | "maxTokens">,
): { maxTokens: number; maxExampleTokens: number } {
  const longest = maxTokens ?? Math.min(1024, model.maxTokens);
  if (longest > model.maxTokens) {
    throw new MetaError(
      "BAD_OPTION",
      `tasks (crossfit): maxTokens is ${longest}, but ${model.name} reads at most ${model.maxTokens} tokens.`,
    );
  }
  return { maxTokens: longest, maxExampleTokens: maxExampleTokens ?? Math.min(256, longest) };
}
