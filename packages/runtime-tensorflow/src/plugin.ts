import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { auto } from "./auto.js";
import { diagnose } from "./doctor/diagnose.js";
import { cpu } from "./javascript/cpu.js";
import { wasm } from "./javascript/wasm.js";
import { packEngine } from "./pack/packEngine.js";
import { setup } from "./setup/setup.js";
import { isDevice } from "./tensorflow/device.js";
import { tensorflow } from "./tensorflow/runtime.js";

const threads = z
  .int()
  .min(1)
  .optional()
  .describe("Threads to compute with; small models are faster on one. Default: one per core.");

const compile = z
  .strictObject({
    mode: z
      .enum(["auto", "graph", "xla", "eager"])
      .optional()
      .describe(
        "`xla` takes longer to compile and pays where few lengths of sequences come often; `graph` is ready at once; `eager` does not compile. Default: `auto`, which chooses `xla` for what it pays for, and else `graph`.",
      ),
    precision: z
      .enum(["float32", "bfloat16"])
      .optional()
      .describe(
        "`bfloat16` rounds the operands of matrix products, which is faster and less exact. Default: `float32`.",
      ),
    signatures: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Number of compilations to keep of each function, one per shape of its inputs. Default: 32.",
      ),
  })
  .optional()
  .describe("How the functions of a run are compiled. Default: as pays for each of them.");

const tensorflowOptions = z.strictObject({
  device: z
    .string()
    .refine(isDevice, 'must be "cpu", "cuda:0", "cuda:1", …')
    .optional()
    .describe("`cpu` or `cuda:0`. Default: the first GPU, where there is one."),
  threads,
  tf32: z
    .boolean()
    .default(false)
    .describe(
      "Whether products of float32 on a GPU may round their operands to 11 bits (TensorFloat-32), which is faster.",
    ),
  compile,
});

const autoOptions = z.strictObject({ threads, compile });

const noOptions = z.strictObject({});

export default definePlugin({
  name: "@metalearn/runtime-tensorflow",
  runtimes: {
    auto: defineFactory(
      autoOptions.describe(
        "`tensorflow` where it is set up, else `wasm`, else `cpu`, saying in one line what and why.",
      ),
      (options, { notify }) => auto(notify, options),
    ),
    tensorflow: defineFactory(
      tensorflowOptions.describe("TensorFlow on CPU or CUDA; never falls back."),
      (options) => tensorflow(options),
    ),
    wasm: defineFactory(
      noOptions.describe("WebAssembly with SIMD, one core, 4 GB at most, several times slower."),
      () => wasm(),
    ),
    cpu: defineFactory(noOptions.describe("Plain JavaScript, hundreds of times slower."), () =>
      cpu(),
    ),
  },
  machine: { setup, diagnose, pack: packEngine },
});
