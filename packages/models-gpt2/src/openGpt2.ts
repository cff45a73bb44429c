import { type FactoryContext, parseOptions } from "@metalearn/core";
import { byteTokenizer, isPath } from "@metalearn/language-models";
import { z } from "zod";
import { type Gpt2, type Gpt2Config, gpt2, gpt2Config, gpt2Sizes } from "./gpt2.js";
import { gpt2Tokenizer } from "./gpt2Tokenizer.js";
import { pretrainedGpt2 } from "./pretrained.js";

const tokenizers = { gpt2: gpt2Tokenizer, byte: byteTokenizer };

const { layers, width, heads, maxTokens, initializerRange } = gpt2Config.shape;

/** Options that make up a custom size. */
const sizeOptions = ["layers", "width", "heads", "maxTokens"] as const;

export const gpt2Options = z
  .strictObject({
    size: z
      .enum(["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"])
      .optional()
      .describe(
        "A published size, with fresh parameters. Default: a custom size, given by the four options below.",
      ),
    layers: layers.optional().describe("Layers of a custom size. Required for one."),
    width: width
      .optional()
      .describe(
        "Width of a custom size: numbers per token, a multiple of `heads`. Required for one.",
      ),
    heads: heads
      .optional()
      .describe(
        "Attention heads of a custom size, or of a file of `weights` that does not determine them. Required for either.",
      ),
    maxTokens: maxTokens
      .optional()
      .describe("Longest sequence of a custom size, in tokens. Required for one."),
    initializerRange: initializerRange.describe("Standard deviation of freshly drawn parameters."),
    tokenizer: z
      .enum(["gpt2", "byte"])
      .optional()
      .describe(
        "`gpt2` is the published byte-pair encoding, `byte` has one token per byte. Default: the one beside the `weights`; `gpt2` where there is none, if their vocabulary is of that size, and for fresh parameters.",
      ),
    weights: z
      .string()
      .optional()
      .describe(
        "Published parameters: a folder (`./checkpoint`), a file (`./model.pt`) or a model on the hub (`openai-community/gpt2`). Default: fresh ones.",
      ),
    revision: z.string().optional().describe("Branch, tag or commit on the hub. Default: `main`."),
  })
  .superRefine(({ size, weights, ...options }, { addIssue }) => {
    const given = sizeOptions.filter((name) => options[name] !== undefined);
    const fixed = given.filter((name) => weights === undefined || name !== "heads");
    if (weights !== undefined && (size !== undefined || fixed.length > 0)) {
      const names = [...(size === undefined ? [] : ["size"]), ...fixed];
      addIssue({
        code: "custom",
        path: ["weights"],
        message: `have a size of their own. Leave out ${names.join(", ")}`,
      });
    } else if (size !== undefined && fixed.length > 0) {
      addIssue({
        code: "custom",
        path: ["size"],
        message: `sets ${fixed.join(", ")}. Leave out one of them`,
      });
    } else if (weights === undefined && size === undefined && given.length < sizeOptions.length) {
      addIssue({
        code: "custom",
        message: `needs weights, size, or all of ${sizeOptions.join(", ")}`,
      });
    }
  })
  .describe(
    "GPT-2 of a published or any other size. Give one of `weights`, `size`, or `layers`, `width`, `heads` and `maxTokens`.",
  );

/** Options of {@link openGpt2}. */
export type Gpt2Options = z.input<typeof gpt2Options>;

/**
 * Opens a GPT-2 from a config: a published one, or one of a given size with fresh parameters.
 *
 * @throws MetaError `BAD_OPTION`; with `weights` also `MISSING_FILE` or `BAD_CHECKPOINT`
 */
export async function openGpt2(
  given: Gpt2Options,
  { path, notify }: Pick<FactoryContext, "path" | "notify">,
): Promise<Gpt2> {
  const options = parseOptions(gpt2Options, given);
  const { weights, revision, size, initializerRange, heads } = options;
  const named = options.tokenizer && tokenizers[options.tokenizer];
  if (weights !== undefined) {
    return pretrainedGpt2(isPath(weights) ? path(weights) : weights, {
      notify,
      ...(named && { tokenizer: named }),
      ...(revision !== undefined && { revision }),
      ...(heads !== undefined && { heads }),
    });
  }
  const { layers, width, maxTokens } = options;
  const tokenizer = named ?? gpt2Tokenizer;
  const { vocabularySize } = tokenizer;
  const own = { vocabularySize, layers, width, heads, maxTokens } as Gpt2Config; // all given, as checked
  return gpt2({ ...(size ? gpt2Sizes[size] : own), initializerRange }, tokenizer);
}
