import type { PromptFormat } from "../options.js";

/** An input and an answer, each with what separates it from the text before. */
export interface PromptParts {
  readonly input: string;
  /** What stands between an input and the answer to it, and is kept when the input is cut. */
  readonly cue?: string;
  readonly answer: string;
}

/**
 * The text of one example: no template, no marks of beginning or end.
 *
 * @param options decides, in MetaICL's code, whether the answer counts as a label
 * @param first whether nothing comes before the example
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
  // An empty list has only empty options: MetaICL's code takes free-form answers for no label.
  const noLabel = separatorCompat === "metaicl-code" && options.every((option) => option === "");
  const separator = noLabel ? "" : "\n";
  if (method === "direct") {
    const between = first ? "" : noInput ? "\n\n" : "\n\n\n";
    return { input: between + input, answer: separator + answer };
  }
  const between = first ? "" : "\n\n\n";
  return { input: noInput ? "" : separator + input, answer: between + answer };
}
