import { definePlugin, isLanguageModel, MetaError, type Model } from "@metalearn/core";
import { adapterFactory } from "./adapterFactory.js";
import { lora, loraOptions, pretrainedLora } from "./lora.js";
import { pretrainedSoftPrompt, softPrompt, softPromptOptions } from "./softPrompt.js";

export default definePlugin({
  name: "@metalearn/adapters",
  adapters: {
    lora: adapterFactory(loraOptions, { noun: "a LoRA", create: lora, open: pretrainedLora }),
    "soft-prompt": adapterFactory(softPromptOptions, {
      noun: "a soft prompt",
      create: (model, options) => softPrompt(languageModel(model), options),
      open: (model, directory) => pretrainedSoftPrompt(languageModel(model), directory),
    }),
  },
  peftTypes: { LORA: "lora", PROMPT_TUNING: "soft-prompt" },
});

function languageModel(model: Model) {
  if (isLanguageModel(model)) return model;
  throw new MetaError(
    "BAD_CONFIG",
    `adapter (soft-prompt): expected a language model, got ${model.name}.`,
  );
}
