import { type LanguageModel, MetaError } from "@metalearn/core";
import { type CrossfitOptions, usualMaxTokens } from "../options.js";

/**
 * Limits of sequences and examples in tokens, by default MetaICL's, reduced to the model's where that is
 * lower.
 *
 * @param model that will read the sequences, if known
 * @throws MetaError `BAD_OPTION` when the model cannot read that many
 */
export function tokenLimits(
  { maxTokens, maxExampleTokens }: Pick<CrossfitOptions, "maxTokens" | "maxExampleTokens">,
  model?: Pick<LanguageModel, "name" | "maxTokens">,
): { maxTokens: number; maxExampleTokens: number } {
  const readable = model?.maxTokens ?? Number.POSITIVE_INFINITY;
  const longest = maxTokens ?? Math.min(usualMaxTokens, readable);
  if (longest > readable) {
    throw new MetaError(
      "BAD_OPTION",
      `tasks (crossfit): maxTokens is ${longest}, but ${model?.name} reads at most ${readable} tokens.`,
    );
  }
  return { maxTokens: longest, maxExampleTokens: maxExampleTokens ?? Math.min(256, longest) };
}
