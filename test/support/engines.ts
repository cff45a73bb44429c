import type { TensorRuntime } from "@metalearn/core";
import { cpu, tensorflow, tensorflowProblem, wasm } from "@metalearn/runtime-tensorflow";
import { testDevice } from "@metalearn/test-support/testDevice";
import { afterAll, beforeAll } from "vitest";

const problem = await tensorflowProblem();

/** Why tests of the real TensorFlow cannot run here; `undefined` when they can. */
export const noNativeEngine = problem && `(${problem.detail})`;

/** An engine on which a test can run, or the reason why it cannot. */
export interface TestEngine {
  readonly name: string;
  start(): Promise<TensorRuntime>;
  readonly missing: string | undefined;
}

/**
 * All engines, the fastest first. TensorFlow runs on its own choice of device, or on the one that
 * `METALEARN_TEST_DEVICE` names.
 */
export const engines: readonly TestEngine[] = [
  {
    name: ["tensorflow", ...(testDevice.device ? [testDevice.device] : [])].join(", "),
    start: () => tensorflow(testDevice),
    missing: noNativeEngine,
  },
  { name: "wasm", start: wasm, missing: undefined },
  { name: "cpu", start: cpu, missing: undefined },
];

/** The fastest engine of this machine, for suites that are too long to run on each. */
export const bestEngine = engines.find(({ missing }) => missing === undefined) as TestEngine;

/**
 * Runs the tests of the surrounding suite on an engine.
 *
 * @returns what gives the engine to a test
 */
export function useEngine({ start }: Pick<TestEngine, "start">): () => TensorRuntime {
  let runtime: TensorRuntime | undefined;
  beforeAll(async () => {
    runtime = await start();
  });
  afterAll(() => runtime?.dispose());
  return () => {
    if (!runtime) throw new Error("engines start before tests, not while tests are collected");
    return runtime;
  };
}
