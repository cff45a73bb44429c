import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { auto, autoOptions } from "./auto.js";
import { diagnose } from "./doctor/diagnose.js";
import { cpu } from "./javascript/cpu.js";
import { wasm } from "./javascript/wasm.js";
import { packEngine } from "./pack/packEngine.js";
import { setup } from "./setup/setup.js";
import { tensorflow } from "./tensorflow/runtime.js";
import { tensorflowOptions } from "./tensorflow/tensorflowOptions.js";

const noOptions = z.strictObject({});

export default definePlugin({
  name: "@metalearn/runtime-tensorflow",
  runtimes: {
    auto: defineFactory(autoOptions, (options, { notify }) => auto(notify, options)),
    tensorflow: defineFactory(tensorflowOptions, tensorflow),
    wasm: defineFactory(
      noOptions.describe("WebAssembly with SIMD, one core, 4 GB at most, several times slower."),
      wasm,
    ),
    cpu: defineFactory(noOptions.describe("Plain JavaScript, hundreds of times slower."), cpu),
  },
  machine: { setup, diagnose, pack: packEngine },
});
