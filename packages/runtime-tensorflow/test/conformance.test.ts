import { testRuntime } from "@metalearn/core/testing";
import { testDevice } from "@metalearn/test-support/testDevice";
import { describe } from "vitest";
import { cpu } from "../src/javascript/cpu.js";
import { wasm } from "../src/javascript/wasm.js";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { noNativeEngine } from "./support/nativeEngine.js";

const withoutOptions = { options: "it has no options" };
testRuntime("cpu", { create: cpu, skip: withoutOptions });
testRuntime("wasm", { create: wasm, skip: withoutOptions });

describe.skipIf(noNativeEngine)(noNativeEngine ?? "native", () => {
  const badOptions = { threads: () => tensorflow({ threads: 0 }) };
  for (const mode of ["auto", "graph", "xla", "eager"] as const) {
    testRuntime(`tensorflow on ${testDevice.device ?? "cpu"}, ${mode}`, {
      create: () => tensorflow({ device: "cpu", ...testDevice, compile: { mode } }),
      badOptions,
    });
  }
});
