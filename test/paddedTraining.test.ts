import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import metaicl from "@metalearn/algorithms-metaicl";
import {
  defineFactory,
  definePlugin,
  type SamplerOptions,
  type TensorRuntime,
} from "@metalearn/core";
import { checkConfig, createToolkit, openRun, runsOf, trainRun } from "@metalearn/core/runs";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { letterTasks } from "./support/letterTasks.js";

/** Trains for one update; returns what the sampler was made from, and what was told. */
async function trainOnce(compile: TensorRuntime["compile"]) {
  const directory = await mkdtemp(join(tmpdir(), "metalearn-padded-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const asked: SamplerOptions[] = [];
  const messages: string[] = [];
  const source = letterTasks();
  const plugin = definePlugin({
    name: "watched",
    runtimes: {
      watched: defineFactory(z.strictObject({}), () => ({
        name: "watched",
        device: "cpu",
        version: tf.version_core,
        compile,
        compilations: () => [],
        memory: () => ({ tensors: 0, tensorBytes: 0, processBytes: 0 }),
        dispose: () => {},
      })),
    },
    tasks: {
      watched: defineFactory(z.strictObject({}), () => ({
        ...source,
        trainingLengths: () => ({ byTask: [[10, 10]], longest: 12 }),
        sampler: (options: SamplerOptions) => {
          asked.push(options);
          return source.sampler(options);
        },
      })),
    },
  });
  const config = checkConfig({
    runtime: { use: "watched" },
    model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
    tasks: { use: "watched" },
    learner: { use: "metaicl" },
    optimizer: { use: "adamw", learningRate: 0.01 },
    train: { steps: 1, batchSize: 2 },
  });
  const toolkit = createToolkit([plugin, metaicl, gpt2, optimizers]);
  const run = await openRun({
    toolkit,
    config: runsOf(config)[0].config,
    name: "padded",
    directory,
    onEvent: (event) => event.kind === "message" && messages.push(event.text),
  });
  tf.dispose({ ...(await trainRun(run)) });
  await run.close();
  return { asked, messages };
}

test("a run asks for padded batches where its runtime compiles, and for no others", async () => {
  const unpadded = { seed: 100, batchSize: 2 };
  const eager = await trainOnce((fn) => fn);
  expect(eager).toEqual({ asked: [unpadded], messages: [] });
  const compiling: TensorRuntime["compile"] =
    (fn) =>
    (...args) =>
      fn(...args);
  expect(await trainOnce(compiling)).toEqual({
    asked: [{ ...unpadded, paddedLengths: [10, 12] }],
    messages: [expect.stringMatching(/^padded \(seed 100\) pads batches to 10, 12 tokens/)],
  });
});
