import { defineFactory, definePlugin } from "@metalearn/core";
import { llamaOptions, openLlama } from "./openLlama.js";

export default definePlugin({
  name: "@metalearn/models-llama",
  models: { llama: defineFactory(llamaOptions, openLlama) },
});
