import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import {
  checkConfig,
  compareRuns,
  createToolkit,
  planRun,
  readMetrics,
  resolveRun,
  runsOf,
} from "@metalearn/core/runs";
import synthetic from "@metalearn/datasets-synthetic";
import gpt2 from "@metalearn/models-gpt2";
import mlp from "@metalearn/models-mlp";
import optimizers from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { letterPlugin } from "./support/letterTasks.js";

const toolkit = createToolkit([letterPlugin, maml, metaicl, gpt2, mlp, synthetic, optimizers]);

const inner = { innerOptimizer: { use: "sgd", learningRate: 0.01 } };
const config = {
  runtime: { use: "plain" },
  model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
  tasks: { use: "letters" },
  learner: { use: "fomaml", tasks: 1, ...inner },
  optimizer: { use: "adamw", learningRate: 0.01 },
  train: { steps: 24, batchSize: 2, checkpointEvery: 5, keepCheckpoints: 2 },
  evaluate: { seeds: [1, 2] },
};

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "metalearn-plan-"));
});
afterEach(() => rm(out, { recursive: true }));

async function plan(changes: object = {}) {
  const [run] = runsOf(checkConfig({ ...config, ...changes }));
  const resolved = resolveRun(toolkit, run as NonNullable<typeof run>);
  const directory = join(out, `${resolved.name}-seed${resolved.config.seed}`);
  return planRun({ toolkit, directory, name: resolved.name, config: resolved.config });
}

/** Bytes of all files in a folder. */
async function size(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

test("a plan tells what the run then takes, and writes nothing", async () => {
  const before = tf.memory().numTensors;
  const planned = await plan();
  expect(tf.memory().numTensors).toBe(before);
  expect(await readdir(out)).toEqual([]);

  const runs = runsOf(checkConfig(config));
  const { runs: done } = await compareRuns({ toolkit, out, runs });
  const last = (await readMetrics(join(out, "run-seed100"))).at(-1);
  expect(planned.training).toMatchObject({
    updates: last?.update,
    batches: last?.batches,
    tokens: last?.tokens, // all 12 updates were drawn
  });
  // Embeddings of 256 tokens and 16 places, 8 wide: 2,176; the layer has 12 * 8^2 in matrices, 13 * 8
  // in biases and norms; the last norm 16.
  expect(planned.parameters).toBe(2_176 + 768 + 104 + 16);
  // Parameters and two moments of float32 in each of at most three checkpoints; headers are small.
  expect(planned.diskBytes).toBe(3 * 3 * 4 * planned.parameters);
  const kept = await size(join(out, "run-seed100/checkpoints"));
  expect(kept).toBeGreaterThan((2 / 3) * planned.diskBytes);
  const [evaluated] = done.map(({ evaluation }) => evaluation.tasks);
  const questions = evaluated?.flatMap(({ seeds }) => seeds.map((seed) => seed.questions)) ?? [];
  expect(planned.evaluation).toMatchObject({
    targets: 2,
    seeds: 2,
    questions: questions.reduce((a, b) => a + b),
  });
  expect(planned.evaluation.tokens).toBeGreaterThan(0);
});

test("without an earlier run, time and memory are measured", async () => {
  const { estimate, leastBytes } = await plan();
  expect(estimate?.from).toBe("measurement");
  expect(estimate?.trainSeconds).toBeGreaterThan(0);
  expect(estimate?.evaluateSeconds).toBeGreaterThan(0);
  expect(estimate?.peakBytes).toBeGreaterThan(leastBytes);
});

test("an earlier run of the same work tells time and memory, whatever its length and seeds", async () => {
  await compareRuns({ toolkit, out, runs: runsOf(checkConfig({ ...config, seed: 3 })) });
  const train = { ...config.train, steps: 48 };
  const { estimate } = await plan({ train, evaluate: { seeds: [1, 2, 3, 4] } });
  const last = (await readMetrics(join(out, "run-seed3"))).at(-1);
  expect(estimate?.from).toEqual({ directory: join(out, "run-seed3") });
  // twice as many steps
  expect(estimate?.trainSeconds).toBeCloseTo(2 * Number(last?.seconds), 6);
  const other = await plan({ train: { ...config.train, batchSize: 3 } });
  expect(other.estimate?.from).toBe("measurement");
});

test("validations take tokens, time and a checkpoint more", async () => {
  const train = { ...config.train, validate: { every: 4, seeds: [1] } };
  const { estimate, validation, evaluation, diskBytes, parameters } = await plan({ train });
  // 12 updates: three times one dev task with one seed, as long as each of two targets with two seeds.
  expect(validation).toMatchObject({ targets: 1, seeds: 3, questions: 36 });
  expect((validation?.tokens ?? 0) / evaluation.tokens).toBeCloseTo(3 / 4, 6);
  expect(estimate?.validateSeconds).toBeCloseTo(0.75 * (estimate?.evaluateSeconds ?? 0), 6);
  // Up to three checkpoints exist at once: two that are kept (the best and the last), and one being written.
  expect(diskBytes).toBe(3 * 3 * 4 * parameters);
  await compareRuns({ toolkit, out, runs: runsOf(checkConfig({ ...config, train })) });
  // The small files of three checkpoints, such as the tokenizer's, take 5 kB each.
  const written = await size(join(out, "run-seed100/checkpoints"));
  expect(written).toBeLessThan(1.2 * diskBytes + 3 * 5_000);
});

test("a baseline asks no model, and takes none of its time", async () => {
  const baseline = { learner: undefined, evaluate: { seeds: [1, 2], method: "random" } };
  const { estimate, evaluation, leastBytes } = await plan(baseline);
  expect({ ...evaluation, leastBytes }).toMatchObject({ questions: 48, tokens: 0, leastBytes: 0 });
  expect(estimate).toMatchObject({ trainSeconds: 0, evaluateSeconds: 0, validateSeconds: 0 });
});

test("second order is tried as well", async () => {
  const { estimate, training } = await plan({ learner: { use: "maml", tasks: 2, ...inner } });
  expect(training).toMatchObject({ updates: 6, batches: 24 });
  expect(estimate?.trainSeconds).toBeGreaterThan(0);
});

test("a model that reads no tokens, and one that is not trained, have plans", async () => {
  const curves = await plan({
    model: { use: "mlp", sizes: [1, 4, 1], loss: "mse" },
    tasks: { use: "sinusoid", targetEpisodes: 2 },
  });
  expect(curves.training).toMatchObject({ updates: 12, tokens: 0 });
  expect(curves.estimate?.trainSeconds).toBeGreaterThan(0);
  const { learner: _, ...untrained } = config;
  const bare = await plan({ ...untrained, learner: undefined });
  expect(bare.training).toBeUndefined();
  expect(bare.diskBytes).toBe(0);
});
