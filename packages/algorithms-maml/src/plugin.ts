import { defineFactory, definePlugin } from "@metalearn/core";
import { anil, anilOptions, boil, boilOptions } from "./anil.js";
import { bmg, bmgOptions } from "./bmg.js";
import { imaml, imamlOptions } from "./imaml.js";
import { lslr, lslrOptions } from "./lslr.js";
import { fomaml, fomamlOptions, maml, mamlOptions } from "./maml.js";
import { mamlEnLlm, mamlEnLlmOptions } from "./mamlEnLlm.js";
import { metaSgd, metaSgdOptions } from "./metaSgd.js";
import { reptile, reptileOptions } from "./reptile.js";

export default definePlugin({
  name: "@metalearn/algorithms-maml",
  learners: {
    maml: defineFactory(mamlOptions, maml),
    fomaml: defineFactory(fomamlOptions, fomaml),
    anil: defineFactory(anilOptions, anil),
    boil: defineFactory(boilOptions, boil),
    "meta-sgd": defineFactory(metaSgdOptions, metaSgd),
    lslr: defineFactory(lslrOptions, lslr),
    reptile: defineFactory(reptileOptions, reptile),
    imaml: defineFactory(imamlOptions, imaml),
    bmg: defineFactory(bmgOptions, bmg),
    "maml-en-llm": defineFactory(mamlEnLlmOptions, mamlEnLlm),
  },
});
