import { type FactoryContext, parseOptions } from "@metalearn/core";
import {
  byteTokenizer,
  requireSize,
  weightsOptions,
  weightsSource,
} from "@metalearn/language-models";
import { z } from "zod";
import { type Gpt2, type Gpt2Config, gpt2, gpt2Config, gpt2Sizes } from "./gpt2.js";
import { gpt2Tokenizer } from "./gpt2Tokenizer.js";
import { pretrainedGpt2 } from "./pretrained.js";

const tokenizers = { gpt2: gpt2Tokenizer, byte: byteTokenizer };

const { layers, width, heads, maxTokens, initializerRange } = gpt2Config.shape;

export const gpt2Options = z
  .strictObject({
    size: z
      .enum(["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"])
      .optional()
      .describe(
        "Published size (Radford et al. 2019, table 2), with freshly initialized parameters. Default: the size given by the next four options.",
      ),
    layers: layers.optional().describe("Number of layers. Required for a custom size."),
    width: width
      .optional()
      .describe(
        "Width of the residual stream: numbers per token, a multiple of `heads`. Required for a custom size.",
      ),
    heads: heads
      .optional()
      .describe(
        "Number of attention heads. Required for a custom size. Also of `weights` without a config.json, from which it cannot be read off.",
      ),
    maxTokens: maxTokens
      .optional()
      .describe("Longest sequence, in tokens. Required for a custom size."),
    initializerRange: initializerRange.describe(
      "Standard deviation of freshly initialized parameters. Narrow models learn sooner with 0.1.",
    ),
    tokenizer: z
      .enum(["gpt2", "byte"])
      .optional()
      .describe(
        "`gpt2` is the published byte-pair encoding of 50,257 tokens, `byte` has one token per byte. Default: the one beside the `weights`; `gpt2` for fresh parameters, and for `weights` without a tokenizer whose vocabulary has that size.",
      ),
    ...weightsOptions("openai-community/gpt2"),
  })
  .superRefine(
    requireSize({
      required: ["layers", "width", "heads", "maxTokens"],
      withWeights: ["heads"], // of a file that does not tell them
      published: "size",
    }),
  )
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
  context: Pick<FactoryContext, "path" | "notify">,
): Promise<Gpt2> {
  const options = parseOptions(gpt2Options, given);
  const { weights, revision, size, initializerRange, heads } = options;
  const named = options.tokenizer && tokenizers[options.tokenizer];
  if (weights !== undefined) {
    const { source, hub } = weightsSource({ weights, revision }, context);
    return pretrainedGpt2(source, {
      ...hub,
      ...(named && { tokenizer: named }),
      ...(heads !== undefined && { heads }),
    });
  }
  const { layers, width, maxTokens } = options;
  const tokenizer = named ?? gpt2Tokenizer;
  const { vocabularySize } = tokenizer;
  const own = { vocabularySize, layers, width, heads, maxTokens } as Gpt2Config; // all given, as checked
  return gpt2({ ...(size ? gpt2Sizes[size] : own), initializerRange }, tokenizer);
}
