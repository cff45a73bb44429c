import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import adapters from "@metalearn/adapters";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import {
  checkConfig,
  createToolkit,
  openRun,
  type RunOptions,
  runsOf,
  trainRun,
} from "@metalearn/core";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import tensorflow from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noNativeEngine } from "../packages/runtime-tensorflow/test/support/nativeEngine.js";
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
async function train(learner: object, mode: string, changes: object = {}) {
  const config = checkConfig({
    runtime: { use: "tensorflow", compile: { mode } },
    model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
    tasks: { use: "letters" },
    learner,
    optimizer: { use: "sgd", learningRate: 0.1 },
    train: { steps: 24, batchSize: 2, logEvery: 1 },
    ...changes,
  });
  const [run] = runsOf(config);
  if (!run) throw new Error("a config without a comparison is one run");
  const losses: number[] = [];
  const options: RunOptions = {
    toolkit,
    ...run,
    directory: join(directory, mode),
    onEvent: (event) => event.kind === "train" && losses.push(event.loss),
  };
  const open = await openRun(options);
  try {
    tf.dispose(await trainRun(open, options));
    return { losses, compiled: open.runtime.compilations() };
  } finally {
    await open.close();
  }
}

describe.skipIf(noNativeEngine)(`Compiled training ${noNativeEngine ?? ""}`, () => {
  // Not Adam, whose first steps turn the rounding of gradients near zero into steps of full size.
  const innerOptimizer = { use: "sgd", learningRate: 0.1 };
  const lora = { use: "lora", rank: 2, targets: ["*.c_attn.weight"] };
  test.each<[string[], object, object?]>([
    [["gradient"], { use: "metaicl" }],
    [["task gradient"], { use: "fomaml", innerOptimizer, tasks: 2 }],
    [
      ["gradient", "hvp", "inner adjoint", "inner update"],
      { use: "maml", innerOptimizer, tasks: 2, innerSteps: 2 },
    ],
    [["task gradient"], { use: "maml-en-llm", innerOptimizer, tasks: 2, moments: "reset" }],
    // Frozen parameters reach compiled functions from outside.
    [
      ["task gradient"],
      { use: "maml", innerOptimizer, tasks: 2 },
      { adapter: lora, trainable: ["*.lora_*"] },
    ],
    [
      ["task gradient"],
      { use: "maml", innerOptimizer, tasks: 2 },
      { adapter: { use: "soft-prompt", tokens: 3 }, trainable: ["prompt.*"] },
    ],
  ])("compiles %j for %o and learns the same", async (names, learner, changes) => {
    const eager = await train(learner, "eager", changes);
    const graph = await train(learner, "graph", changes);
    expect(eager.compiled).toEqual([]);
    expect([...new Set(graph.compiled.map(({ name }) => name))].sort()).toEqual(
      [...names, "gradient norm", "update"].sort(),
    );
    expect(graph.losses.length).toBeGreaterThanOrEqual(3);
    expect(graph.losses).toHaveLength(eager.losses.length);
    graph.losses.forEach((loss, i) => {
      expect(Math.abs(loss / (eager.losses[i] ?? 0) - 1), `update ${i + 1}`).toBeLessThan(1e-5);
    });
  });
});
