import { defineFactory, definePlugin } from "@metalearn/core";
import { gpt2Options, openGpt2 } from "./openGpt2.js";

export default definePlugin({
  name: "@metalearn/models-gpt2",
  models: { gpt2: defineFactory(gpt2Options, openGpt2) },
  checkpoints: { gpt2: "gpt2" },
});
