import {
  type LanguageModel,
  MetaError,
  type Params,
  parseOptions,
  randomFor,
  tensorNamed,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { adaptedStorage } from "./adaptedModel.js";
import { promptName, readPrompt, readPromptConfig, writePrompt } from "./peftPrompt.js";

export const softPromptOptions = z
  .strictObject({
    tokens: z.int().min(1).default(20).describe("Length of the prompt, in tokens."),
    text: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Text whose token embeddings, repeated to the length of the prompt, are its initial value. Default: tokens drawn from the first 5,000 of the vocabulary, the most common ones of a byte-pair encoding.",
      ),
  })
  .describe("Prepends trained vectors to every sequence of a language model.");

/** Options of {@link softPrompt}. */
export type SoftPromptOptions = z.input<typeof softPromptOptions>;

/**
 * Prompt tuning: a model that reads `prompt.embeddings`, `[tokens, width]`, before every sequence. The
 * longest sequence is shorter by that many tokens.
 *
 * Source: Lester et al. 2021, section 2; initialisation as in section 3.2.
 *
 * @throws MetaError `BAD_OPTION` when the model cannot read embeddings, the prompt leaves no room for tokens,
 *   or the text has none
 */
export function softPrompt(model: LanguageModel, options: SoftPromptOptions = {}): LanguageModel {
  const { tokens, text } = parseOptions(softPromptOptions, options);
  const ids = text === undefined ? undefined : model.tokenizer.encode(text);
  if (ids?.length === 0) {
    throw new MetaError(
      "BAD_OPTION",
      "softPrompt: text: expected at least one token, got none. Give some text, or leave it out.",
    );
  }
  const { embeddings } = readerOf(model);
  return promptedModel(model, tokens, (base, seed) => {
    const table = tensorNamed(base, embeddings) as tf.Tensor2D;
    const random = randomFor(seed, "soft prompt");
    const common = Math.min(5_000, model.tokenizer.vocabularySize);
    const chosen = Array.from({ length: tokens }, (_, i) =>
      ids ? (ids[i % ids.length] as number) : random.integer(common),
    );
    return { [promptName]: tf.tidy(() => tf.gather(table, tf.tensor1d(chosen, "int32"))) };
  });
}

/**
 * Model with a soft prompt saved by {@link softPrompt} or PEFT: its `init` returns the saved embeddings.
 *
 * @param directory with `adapter_config.json` and `adapter_model.safetensors`
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`, also by `init`; `BAD_OPTION`
 */
export async function pretrainedSoftPrompt(
  model: LanguageModel,
  directory: string,
): Promise<LanguageModel> {
  const { tokens } = await readPromptConfig(directory);
  return promptedModel(model, tokens, (base) => loadPrompt(model, tokens, directory, base));
}

function promptedModel(
  model: LanguageModel,
  tokens: number,
  init: (base: Params, seed: number) => Params | Promise<Params>,
): LanguageModel {
  return {
    tokenizer: model.tokenizer,
    ...adaptedStorage(model, {
      name: "prompt",
      owns: (name) => name === promptName,
      init,
      save: (own, directory, base) => writePrompt(directory, own, base),
      load: (directory, base) => loadPrompt(model, tokens, directory, base),
    }),
    ...readerOf(model).prompted(tokens, (params) => tensorNamed(params, promptName) as tf.Tensor2D),
  };
}

function loadPrompt(model: LanguageModel, tokens: number, directory: string, base: Params) {
  const [, width] = tensorNamed(base, readerOf(model).embeddings).shape as [number, number];
  return readPrompt(directory, [tokens, width]);
}

function readerOf({ name, prompts }: LanguageModel) {
  if (prompts) return prompts;
  throw new MetaError(
    "BAD_OPTION",
    `softPrompt: ${name} cannot read embeddings before its tokens.`,
  );
}
