import { defineFactory, definePlugin } from "@metalearn/core";
import { autoOptions, openAuto } from "./auto/openAuto.js";

export default definePlugin({
  name: "@metalearn/language-models",
  models: { auto: defineFactory(autoOptions, openAuto) },
});
