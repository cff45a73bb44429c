import { z } from "zod";
import { compileDefaults } from "../compile/compileOptions.js";
import type { Device } from "./device.js";

const device = z
  .string()
  .regex(/^(cpu|cuda:\d+)$/, 'expected "cpu", "cuda:0", "cuda:1", …') as unknown as z.ZodType<
  Device,
  Device
>;

export const tensorflowOptions = z
  .strictObject({
    device: device
      .optional()
      .describe("`cpu` or `cuda:0`. Default: the first GPU, where there is one."),
    threads: z
      .int()
      .min(1)
      .optional()
      .describe("Threads to compute with; small models are faster on one. Default: one per core."),
    tf32: z
      .boolean()
      .default(false)
      .describe(
        "Whether products of float32 on a GPU may round their operands to 11 bits (TensorFloat-32), which is faster.",
      ),
    compile: compileDefaults
      .optional()
      .describe("How the functions of a run are compiled. Default: as pays for each of them."),
  })
  .describe("TensorFlow on CPU or CUDA; never falls back.");

/** Options of {@link tensorflow}. */
export type TensorFlowOptions = z.input<typeof tensorflowOptions>;

/** Options of TensorFlow's engine. */
export type EngineOptions = Omit<TensorFlowOptions, "compile">;
