import type { PromptFormat } from "../options.js";

/** An input and an answer, each with its separator from the text before. */
export interface PromptParts {
  readonly input: string;
  /** Text between an input and its answer, kept when the input is cut. */
  readonly cue?: string;
  readonly answer: string;
}

/**
 * Text of one example: no template, no marks of beginning or end.
 *
 * @param options decides, in MetaICL's code, if the answer counts as a label
 * @param first true for the first example of a sequence
 *
 * Source: Min et al. 2022, appendix B, as their published code writes it.
 */
export function promptParts(
  { method, style, separatorCompat }: PromptFormat,
  { input, answer, options }: PromptParts & { readonly options: readonly string[] },
  first: boolean,
): PromptParts {
  const noInput = input === "";
  if (style === "space") {
    const between = first ? "" : " ";
    return method === "direct"
      ? { input: between + input, answer: ` ${answer}` }
      : { input: ` ${input}`, answer: between + answer };
  }
  // True for an empty list, too: MetaICL's code treats free-form answers as not being labels.
  const noLabel = separatorCompat === "metaicl-code" && options.every((option) => option === "");
  const separator = noLabel ? "" : "\n";
  if (method === "direct") {
    const between = first ? "" : noInput ? "\n\n" : "\n\n\n";
    return { input: between + input, answer: separator + answer };
  }
  const between = first ? "" : "\n\n\n";
  return { input: noInput ? "" : separator + input, answer: between + answer };
}
