import { defineFactory, definePlugin } from "@metalearn/core";
import { adam, adamOptions, adamw, adamwOptions } from "./adam.js";
import { sgd, sgdOptions } from "./sgd.js";

export default definePlugin({
  name: "@metalearn/optimizers",
  optimizers: {
    sgd: defineFactory(sgdOptions, (options, { totalUpdates }) =>
      sgd({ totalUpdates, ...options }),
    ),
    adam: defineFactory(adamOptions, (options, { totalUpdates }) =>
      adam({ totalUpdates, ...options }),
    ),
    adamw: defineFactory(adamwOptions, (options, { totalUpdates }) =>
      adamw({ totalUpdates, ...options }),
    ),
  },
});
