import { defineFactory, definePlugin } from "@metalearn/core";
import { slurm, slurmOptions } from "./slurm.js";

export default definePlugin({
  name: "@metalearn/launchers-slurm",
  launchers: { slurm: defineFactory(slurmOptions, slurm) },
});
