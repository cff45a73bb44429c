import { type FactoryContext, parseOptions, type Tokenizer } from "@metalearn/core";
import {
  byteTokenizer,
  readTokenizer,
  requireSize,
  weightsOptions,
  weightsSource,
} from "@metalearn/language-models";
import { z } from "zod";
import { type Llama, llama } from "./llama.js";
import { type LlamaConfig, llamaConfig } from "./llamaConfig.js";
import { pretrainedLlama } from "./pretrained.js";

const { layers, width, heads, mlpWidth, maxTokens, initializerRange } = llamaConfig.shape;

export const llamaOptions = z
  .strictObject({
    ...weightsOptions("HuggingFaceTB/SmolLM2-135M"),
    layers: layers.optional().describe("Layers of a fresh model; required for one."),
    width: width
      .optional()
      .describe("Numbers per token of a fresh model, a multiple of `heads`; required for one."),
    heads: heads.optional().describe("Attention heads of a fresh model; required for one."),
    keyValueHeads: llamaConfig.shape.keyValueHeads.describe(
      "Heads of keys and values of a fresh model, which divide `heads`. Default: `heads`.",
    ),
    mlpWidth: mlpWidth
      .optional()
      .describe("Width of the hidden layer of a fresh model's MLP; required for one."),
    maxTokens: maxTokens
      .optional()
      .describe("Longest sequence of a fresh model, in tokens; required for one."),
    tiedHead: z
      .boolean()
      .optional()
      .describe("Takes the token embeddings of a fresh model as its output head. Default: false."),
    initializerRange: initializerRange.describe("Standard deviation of freshly drawn parameters."),
    tokenizer: z
      .string()
      .optional()
      .describe(
        "`byte` has one token per byte; or a folder with a tokenizer's files, relative to the config file. Default: the one beside the `weights`; `byte` for a fresh model.",
      ),
  })
  .superRefine(
    requireSize({
      required: ["layers", "width", "heads", "mlpWidth", "maxTokens"],
      optional: ["keyValueHeads", "tiedHead"],
    }),
  )
  .describe(
    "A model of Llama's family: Llama 2 and 3, SmolLM, TinyLlama, Mistral without a sliding window, Qwen2 and Qwen3. Wanted is `weights`, or `layers`, `width`, `heads`, `mlpWidth` and `maxTokens` of a fresh Llama.",
  );

/** Options of {@link openLlama}. */
export type LlamaOptions = z.input<typeof llamaOptions>;

/**
 * A model of Llama's family as a config describes it: published, or a Llama with fresh parameters.
 *
 * @throws MetaError `BAD_OPTION`; `MISSING_FILE` or `BAD_CHECKPOINT` for files that are named
 */
export async function openLlama(
  given: LlamaOptions,
  context: Pick<FactoryContext, "path" | "notify">,
): Promise<Llama> {
  const { weights, revision, tokenizer: named, ...shape } = parseOptions(llamaOptions, given);
  const tokenizer = named === undefined ? undefined : await openTokenizer(named, context);
  if (weights !== undefined) {
    const { source, hub } = weightsSource({ weights, revision }, context);
    return pretrainedLlama(source, { ...hub, ...(tokenizer && { tokenizer }) });
  }
  const chosen = tokenizer ?? byteTokenizer;
  const { vocabularySize } = chosen;
  return llama({ ...(shape as Omit<LlamaConfig, "vocabularySize">), vocabularySize }, chosen);
}

/** The tokenizer of one byte per token, or that of a folder. */
async function openTokenizer(
  named: string,
  { path }: Pick<FactoryContext, "path">,
): Promise<Tokenizer> {
  return named === "byte" ? byteTokenizer : readTokenizer(path(named));
}
