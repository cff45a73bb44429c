import {
  defineFactory,
  definePlugin,
  isLanguageModel,
  MetaError,
  type Model,
} from "@metalearn/core";
import { z } from "zod";
import { lora, pretrainedLora } from "./lora.js";
import { pretrainedSoftPrompt, softPrompt } from "./softPrompt.js";

const count = z.int().min(1);

/** A saved adapter, which brings its own settings. */
const weights = (what: string) =>
  z
    .string()
    .optional()
    .describe(
      `A folder with ${what} in PEFT's format, relative to the config file, instead of all else. Default: a new one.`,
    );

const loraOptions = z.strictObject({
  rank: count.optional().describe("r: the rank of what is added to a matrix. Default: 8."),
  alpha: z
    .number()
    .positive()
    .optional()
    .describe("What is added is multiplied by alpha / rank. Default: 16."),
  targets: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "The matrices that something is added to: names, where `*` stands for any text. Required without `weights`.",
    ),
  weights: weights("a LoRA"),
});

const softPromptOptions = z.strictObject({
  tokens: count.optional().describe("Length of the prompt, in tokens. Default: 20."),
  text: z
    .string()
    .min(1)
    .optional()
    .describe("What the prompt begins as. Default: tokens of the vocabulary, drawn at random."),
  weights: weights("a soft prompt"),
});

export default definePlugin({
  name: "@metalearn/adapters",
  adapters: {
    lora: defineFactory(
      loraOptions.describe("Adds a product of two narrow matrices to chosen matrices."),
      ({ weights, targets, ...options }, context) => {
        if (weights !== undefined) {
          requireAlone("lora", { targets, ...options });
          return (model) => pretrainedLora(model, context.path(weights));
        }
        if (!targets) {
          throw new MetaError(
            "BAD_CONFIG",
            "adapter (lora): expected targets or weights, got neither.",
          );
        }
        return (model) => lora(model, { targets, ...options });
      },
    ),
    "soft-prompt": defineFactory(
      softPromptOptions.describe("Puts trained vectors before every sequence of a language model."),
      ({ weights, ...options }, context) => {
        if (weights === undefined) return (model) => softPrompt(languageModel(model), options);
        requireAlone("soft-prompt", options);
        return (model) => pretrainedSoftPrompt(languageModel(model), context.path(weights));
      },
    ),
  },
});

function requireAlone(use: string, others: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(others).filter((name) => others[name] !== undefined);
  if (given.length === 0) return;
  throw new MetaError(
    "BAD_CONFIG",
    `adapter (${use}): weights bring their own ${given.join(", ")}; give only one.`,
  );
}

function languageModel(model: Model) {
  if (isLanguageModel(model)) return model;
  throw new MetaError(
    "BAD_CONFIG",
    `adapter (soft-prompt): expected a language model, got ${model.name}.`,
  );
}
