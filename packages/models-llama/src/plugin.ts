import { defineFactory, definePlugin } from "@metalearn/core";
import { hasModelType } from "@metalearn/language-models";
import { llamaOptions, openLlama } from "./openLlama.js";

export default definePlugin({
  name: "@metalearn/models-llama",
  models: { llama: defineFactory(llamaOptions, openLlama) },
  recognizers: { llama: hasModelType("llama", "mistral", "qwen2", "qwen3") },
});
