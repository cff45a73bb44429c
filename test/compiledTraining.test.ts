import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import adapters from "@metalearn/adapters";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import {
  checkConfig,
  compileSeconds,
  createToolkit,
  openRun,
  type RunEvent,
  type RunOptions,
  readMetrics,
  runsOf,
  trainRun,
} from "@metalearn/core/runs";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import tensorflow from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noNativeEngine } from "./support/engines.js";
import { letterPlugin } from "./support/letterTasks.js";

const toolkit = createToolkit([
  adapters,
  letterPlugin,
  maml,
  metaicl,
  gpt2,
  optimizers,
  tensorflow,
]);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "metalearn-compiled-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Trains as the command does; returns the loss of every update and what was compiled. */
async function train(
  learner: object,
  mode: string,
  { microBatch, ...changes }: { microBatch?: number } & object = {},
) {
  const config = checkConfig({
    runtime: { use: "tensorflow", compile: { mode } },
    model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
    tasks: { use: "letters" },
    learner,
    optimizer: { use: "sgd", learningRate: 0.1 },
    train: { steps: 24, batchSize: 2, logEvery: 1, microBatch },
    ...changes,
  });
  const losses: number[] = [];
  const told: Extract<RunEvent, { kind: "compile" }>[] = [];
  const options: RunOptions = {
    toolkit,
    ...runsOf(config)[0],
    directory: join(directory, `${mode}${microBatch ?? ""}`),
    onEvent(event) {
      if (event.kind === "train") losses.push(event.loss);
      if (event.kind === "compile") told.push(event);
    },
  };
  const run = await openRun(options);
  try {
    tf.dispose(await trainRun(run));
    const metrics = await readMetrics(options.directory);
    return { losses, told, metrics, compiled: run.runtime.compilations() };
  } finally {
    await run.close();
  }
}

type Trained = Awaited<ReturnType<typeof train>>;

/** Checks the names of compiled functions, except those that every training compiles. */
function expectCompiled({ compiled }: Trained, names: readonly string[]): void {
  expect([...new Set(compiled.map(({ name }) => name))].sort()).toEqual(
    [...names, "gradient norm", "update"].sort(),
  );
}

function expectSameLosses(actual: Trained, expected: Trained): void {
  expect(actual.losses.length).toBeGreaterThanOrEqual(3);
  expect(actual.losses).toHaveLength(expected.losses.length);
  actual.losses.forEach((loss, i) => {
    expect(Math.abs(loss / (expected.losses[i] ?? 0) - 1), `update ${i + 1}`).toBeLessThan(1e-5);
  });
}

describe.skipIf(noNativeEngine)(`Compiled training ${noNativeEngine ?? ""}`, () => {
  // Not Adam, whose first steps turn the rounding of gradients near zero into steps of full size.
  const innerOptimizer = { use: "sgd", learningRate: 0.1 };
  const linearized = ["linearized gradient", "linearized gradient, late stage"];
  const oneStep = ["gradient", ...linearized, "first inner adjoint", "inner update"];
  const lora = { use: "lora", rank: 2, targets: ["*.c_attn.weight"] };
  test.each<[string[], object, object?]>([
    [["gradient"], { use: "metaicl" }],
    [["gradient", "inner update"], { use: "fomaml", innerOptimizer, tasks: 2 }],
    [
      ["gradient", ...linearized, "inner adjoint", "first inner adjoint", "inner update"],
      { use: "maml", innerOptimizer, tasks: 2, innerSteps: 2 },
    ],
    [
      ["gradient", ...linearized, "inner adjoint", "inner update"],
      { use: "meta-sgd", tasks: 2, initialRate: 0.1 },
    ],
    [
      ["gradient", ...linearized, "inner adjoint", "inner update"],
      { use: "lslr", tasks: 2, innerSteps: 2, initialRate: 0.1, multiStepLoss: {} },
    ],
    [
      ["gradient", "inner update", "loss"],
      { use: "reptile", innerOptimizer, tasks: 2, innerSteps: 2 },
    ],
    [
      ["gradient", "hvp", "inner update"],
      { use: "imaml", innerOptimizer, tasks: 2, innerSteps: 2, proximalWeight: 20 },
    ],
    [
      ["gradient", ...linearized, "first inner adjoint", "inner update", "loss"],
      { use: "bmg", innerOptimizer, tasks: 2 },
    ],
    [oneStep, { use: "maml-en-llm", innerOptimizer, tasks: 2, moments: "reset" }],
    // Frozen parameters reach compiled functions from outside.
    [
      oneStep,
      { use: "maml", innerOptimizer, tasks: 2 },
      { adapter: lora, trainable: ["*.lora_*"] },
    ],
    [
      oneStep,
      { use: "maml", innerOptimizer, tasks: 2 },
      { adapter: { use: "soft-prompt", tokens: 3 }, trainable: ["prompt.*"] },
    ],
  ])("compiles %j for %o and learns the same", async (names, learner, changes) => {
    const eager = await train(learner, "eager", changes);
    const graph = await train(learner, "graph", changes);
    expect(eager.compiled).toEqual([]);
    expectCompiled(graph, names);
    expectSameLosses(graph, eager);
  });

  test.each<[string[], object]>([
    [["gradient"], { use: "metaicl" }],
    [["gradient", "inner update"], { use: "fomaml", innerOptimizer }],
    [
      ["gradient", "hvp", "first inner adjoint", "inner update"],
      { use: "maml-en-llm", innerOptimizer, moments: "reset" },
    ],
  ])("compiles %j for %o in micro-batches and learns the same", async (names, learner) => {
    const whole = await train(learner, "eager");
    const parts = await train(learner, "graph", { microBatch: 1 });
    expectCompiled(parts, names);
    // Every sequence has the same length, and so all parts have the same shape.
    expect(parts.compiled.filter(({ name }) => name === "hvp").length).toBeLessThanOrEqual(1);
    expectSameLosses(parts, whole);
  });

  test("tells of every compilation twice, and logs how long they took", async () => {
    const { told, compiled, metrics } = await train({ use: "metaicl" }, "graph");
    expect(told.map(({ name, shapes, seconds }) => [name, shapes, seconds !== undefined])).toEqual(
      compiled.flatMap(({ name, shapes }) => [
        [name, shapes, false],
        [name, shapes, true],
      ]),
    );
    const logged = Number(metrics.at(-1)?.compileSeconds);
    expect(logged).toBeCloseTo(compileSeconds(compiled), 2);
    expect(logged).toBeLessThan(Number(metrics.at(-1)?.seconds));
    const eager = await train({ use: "metaicl" }, "eager");
    expect(eager.told).toEqual([]);
    expect(eager.metrics.at(-1)?.compileSeconds).toBe(0);
  });
});
