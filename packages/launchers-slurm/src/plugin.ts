import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { slurm } from "./slurm.js";

const count = z.int().min(1);

const options = z.strictObject({
  processes: count
    .optional()
    .describe("Jobs of the array at a time. Default: as many as Slurm allows."),
  partition: z.string().optional().describe("The partition. Default: Slurm's."),
  account: z.string().optional().describe("The account that is charged. Default: Slurm's."),
  time: z
    .string()
    .optional()
    .describe(
      "The time limit of one run, as Slurm writes it: `4:00:00` is four hours. Default: the partition's.",
    ),
  cpusPerTask: count.optional().describe("Cores of one run. Default: Slurm's."),
  memory: z.string().optional().describe("Memory of one run, such as `16G`. Default: Slurm's."),
  gres: z.string().optional().describe("Devices of one run, such as `gpu:1`. Default: none."),
  sbatch: z
    .array(z.string())
    .default([])
    .describe("Any other arguments of sbatch, such as `--qos=long`."),
  setup: z
    .array(z.string())
    .default([])
    .describe("Shell lines before each run, such as `module load cuda`."),
  pollSeconds: z
    .number()
    .positive()
    .default(10)
    .describe("Seconds between two looks at the queue."),
});

export default definePlugin({
  name: "@metalearn/launchers-slurm",
  launchers: { slurm: defineFactory(options.describe("One Slurm job array."), slurm) },
});
