import { defineFactory, definePlugin } from "@metalearn/core";
import { hasModelType } from "@metalearn/language-models";
import { gpt2Options, openGpt2 } from "./openGpt2.js";

export default definePlugin({
  name: "@metalearn/models-gpt2",
  models: { gpt2: defineFactory(gpt2Options, openGpt2) },
  recognizers: { gpt2: hasModelType("gpt2") },
});
