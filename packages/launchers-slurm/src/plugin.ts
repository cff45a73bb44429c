import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { slurm } from "./slurm.js";

const count = z.int().min(1);

const options = z.strictObject({
  /** Jobs of the array at a time. Default: as many as Slurm allows. */
  processes: count.optional(),
  partition: z.string().optional(),
  account: z.string().optional(),
  /** The time limit of one run, as Slurm writes it: `4:00:00`. */
  time: z.string().optional(),
  cpusPerTask: count.optional(),
  /** Memory of one run, such as `16G`. */
  memory: z.string().optional(),
  /** Devices of one run, such as `gpu:1`. */
  gres: z.string().optional(),
  /** Any other arguments of sbatch, such as `--qos=long`. */
  sbatch: z.array(z.string()).default([]),
  /** Shell lines before each run, such as `module load cuda`. */
  setup: z.array(z.string()).default([]),
  /** Seconds between two looks at the queue. */
  pollSeconds: z.number().positive().default(10),
});

export default definePlugin({
  name: "@metalearn/launchers-slurm",
  launchers: { slurm: defineFactory(options.describe("One Slurm job array."), slurm) },
});
