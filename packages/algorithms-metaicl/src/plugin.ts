import { defineFactory, definePlugin } from "@metalearn/core";
import { fineTune, fineTuneOptions } from "./fineTune.js";
import { metaicl, metaiclOptions } from "./metaicl.js";
import { metaict, metaictOptions } from "./metaict.js";

export default definePlugin({
  name: "@metalearn/algorithms-metaicl",
  learners: {
    metaicl: defineFactory(metaiclOptions, metaicl),
    metaict: defineFactory(metaictOptions, metaict),
    "fine-tune": defineFactory(fineTuneOptions, fineTune),
  },
});
