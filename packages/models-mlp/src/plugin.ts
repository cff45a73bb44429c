import { defineFactory, definePlugin } from "@metalearn/core";
import { mlp, mlpOptions } from "./mlp.js";

export default definePlugin({
  name: "@metalearn/models-mlp",
  models: { mlp: defineFactory(mlpOptions, mlp) },
});
