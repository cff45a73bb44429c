import { defineFactory, definePlugin } from "@metalearn/core";
import { local, localOptions } from "./local.js";

export default definePlugin({
  name: "@metalearn/launchers-local",
  launchers: { local: defineFactory(localOptions, local) },
});
