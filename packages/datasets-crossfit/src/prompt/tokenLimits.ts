import { type LanguageModel, MetaError } from "@metalearn/core";
import { type LimitOptions, usualMaxTokens } from "../options.js";

/**
 * Limits of sequences and examples in tokens, by default MetaICL's, reduced to the model's where that is
 * lower.
 *
 * @param model that will read the sequences, if known; `maxTokens: "model"` needs it
 * @throws MetaError `BAD_OPTION` when the model cannot read that many
 */
export function tokenLimits(
  { maxTokens, maxExampleTokens }: LimitOptions,
  model?: Pick<LanguageModel, "name" | "maxTokens">,
): { maxTokens: number; maxExampleTokens: number } {
  const readable = model?.maxTokens ?? Number.POSITIVE_INFINITY;
  if (maxTokens === "model") {
    const example = maxExampleTokens ?? readable;
    return { maxTokens: readable, maxExampleTokens: Math.min(example, readable) };
  }
  const longest = maxTokens ?? Math.min(usualMaxTokens, readable);
  if (longest > readable) {
    throw new MetaError(
      "BAD_OPTION",
      `tasks (crossfit): maxTokens is ${longest}, but ${model?.name} reads at most ${readable} tokens.`,
    );
  }
  return { maxTokens: longest, maxExampleTokens: maxExampleTokens ?? Math.min(256, longest) };
}
