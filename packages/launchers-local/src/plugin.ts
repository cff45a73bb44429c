import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { local } from "./local.js";

const options = z.strictObject({
  processes: z.int().min(1).optional().describe("Jobs at a time. Default: one per core."),
});

export default definePlugin({
  name: "@metalearn/launchers-local",
  launchers: {
    local: defineFactory(
      options.describe("Processes on this machine, with its cores shared out."),
      local,
    ),
  },
});
