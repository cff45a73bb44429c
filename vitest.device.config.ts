import { mergeConfig } from "vitest/config";
import base from "./vitest.config.js";

/** The goldens and the conformance suites, for a device that `METALEARN_TEST_DEVICE` names. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], globalSetup: [] } },
  {
    test: {
      include: [
        "test/golden/*.test.ts",
        "test/{metaGradients,compiledTraining}.test.ts",
        "packages/runtime-tensorflow/test/conformance.test.ts",
        "packages/runtime-tensorflow/test/{compile,compileMode,compileOperations,compilePitfalls}.test.ts",
        "packages/runtime-tensorflow/test/{stages,tensorflowKernels,tensorflowRuntime}.test.ts",
      ],
      maxWorkers: 1, // a GPU's memory is not shared well
    },
  },
);
