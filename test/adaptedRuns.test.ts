import { readFile, rm } from "node:fs/promises";
import adapters from "@metalearn/adapters";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { readSafetensors } from "@metalearn/core/files";
import {
  type CompareOptions,
  checkConfig,
  compareRuns,
  createToolkit,
  runsOf,
} from "@metalearn/core/runs";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { letterPlugin } from "./support/letterTasks.js";

describe("a run with an adapter", () => {
  const inFolder = temporaryFolder();
  const toolkit = createToolkit([adapters, letterPlugin, maml, metaicl, gpt2, optimizers]);
  const lora = { use: "lora", rank: 2, targets: ["*.c_attn.weight"] };
  const config = {
    runtime: { use: "plain" },
    model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
    adapter: lora,
    trainable: ["*.lora_*"],
    tasks: { use: "letters" },
    learner: {
      use: "maml",
      tasks: 1,
      moments: "separate",
      innerOptimizer: { use: "adamw", learningRate: 0.01 },
    },
    optimizer: { use: "adamw", learningRate: 0.01 },
    train: { steps: 24, batchSize: 2, checkpointEvery: 5 },
    evaluate: { seeds: [1] },
  };
  const compare = (changes: object = {}, more: Partial<CompareOptions> = {}) => {
    const runs = runsOf(checkConfig({ ...config, ...changes }));
    return compareRuns({ toolkit, out: inFolder(), runs, ...more });
  };
  const last = (run: string, ...parts: string[]) => inFolder(run, "checkpoints/00000012", ...parts);

  test("trains and evaluates with any learner, and keeps the frozen model as it was", async () => {
    const before = tf.memory().numTensors;
    const innerOptimizer = { use: "sgd", learningRate: 0.1 };
    const { rows } = await compare({
      learner: undefined,
      compare: {
        runs: {
          fomaml: { learner: { use: "fomaml", innerOptimizer, tasks: 1, adapt: ["*.lora_*"] } },
          "maml-en-llm": { learner: { use: "maml-en-llm", innerOptimizer } },
          metaicl: { learner: { use: "metaicl", batches: 2 } },
          prompt: {
            adapter: { use: "soft-prompt", tokens: 3 },
            trainable: ["prompt.*"],
            learner: { use: "maml", innerOptimizer, tasks: 1 },
          },
        },
      },
    });
    expect(rows.map(({ all }) => all.tasks)).toEqual([2, 2, 2, 2]);
    expect(tf.memory().numTensors).toBe(before);

    const { model } = config;
    const start = createToolkit([gpt2]).open({ seed: 100, references: { model } });
    const plain = await (await start.get("model")).init(100);
    for (const { name } of rows) {
      const kept = await readSafetensors(last(`${name}-seed100`, "model/model.safetensors"));
      expect(Object.keys(kept)).toHaveLength(Object.keys(plain).length);
      for (const [name, tensor] of Object.entries(plain)) {
        expect(kept[`transformer.${name}`]?.dataSync(), name).toEqual(tensor.dataSync());
      }
    }
    const moments = await readSafetensors(last("fomaml-seed100", "optimizer.safetensors"));
    expect(Object.keys(moments).sort()).toEqual([
      "optimizer/m/h.0.attn.c_attn.lora_A",
      "optimizer/m/h.0.attn.c_attn.lora_B",
      "optimizer/v/h.0.attn.c_attn.lora_A",
      "optimizer/v/h.0.attn.c_attn.lora_B",
    ]);
  });

  test("ends, when it was stopped and resumed, with the same bits", async () => {
    const files = ["optimizer.safetensors", "model/model.safetensors"].concat(
      "model/lora/adapter_model.safetensors",
    );
    const bits = () => Promise.all(files.map((file) => readFile(last("run-seed100", file))));
    await compare();
    const whole = await bits();
    await rm(inFolder("run-seed100"), { recursive: true });

    const controller = new AbortController();
    const stopping = compare(
      {},
      {
        signal: controller.signal,
        onEvent: (_, event) => event.kind === "train" && event.done === 7 && controller.abort(),
      },
    );
    await expect(stopping).rejects.toThrow("[INTERRUPTED]");
    await compare();
    expect(await bits()).toEqual(whole);
  });

  test("starts from a saved adapter", async () => {
    await compare();
    const weights = last("run-seed100", "model/lora");
    await compare({
      adapter: { use: "lora", weights },
      learner: undefined,
      compare: { runs: { again: {} } },
    });
    const evaluations = ["run", "again"].map(async (run) =>
      JSON.parse(await readFile(inFolder(`${run}-seed100`, "evaluation.json"), "utf8")),
    );
    const [one, other] = await Promise.all(evaluations);
    const cost = { seconds: 0, peakBytes: 0, predictions: "" };
    expect({ ...other, ...cost }).toEqual({ ...one, ...cost });
  });

  test.each([
    [
      { adapter: { use: "lorra" } },
      '[UNKNOWN_NAME] in the run "run": No adapter is called "lorra". Did you mean "lora"? Known: lora, soft-prompt.',
    ],
    [
      { adapter: { ...lora, rank: 0 } },
      '[BAD_CONFIG] in the run "run": adapter (lora).rank: expected a whole number of at least 1, got 0.',
    ],
    [
      { adapter: { use: "lora" } },
      '[BAD_CONFIG] in the run "run": adapter (lora): expected targets or weights, got neither.',
    ],
    [
      { adapter: { ...lora, weights: "./there" } },
      '[BAD_CONFIG] in the run "run": adapter (lora): weights have their own rank, targets. Leave out one of them.',
    ],
    [
      { adapter: { use: "soft-prompt", tokens: 2, weights: "./there" } },
      '[BAD_CONFIG] in the run "run": adapter (soft-prompt): weights have their own tokens. Leave out one of them.',
    ],
    [
      { adapter: { use: "lora", weights: "./there" } },
      /^\[MISSING_FILE\] There is no adapter in .*there/,
    ],
    [{ trainable: [] }, "[BAD_CONFIG] trainable: "],
    [
      { trainable: ["*.lorra_*"] },
      '[BAD_OPTION] trainable: no parameter is called "*.lorra_*". The model has, for example: wte.weight,',
    ],
    [
      { learner: { ...config.learner, adapt: ["wte.*"] } },
      '[BAD_OPTION] adapt: no parameter is called "wte.*".',
    ],
  ])("refuses %j", async (changes, message) => {
    await expect((async () => compare(changes))()).rejects.toThrow(message);
  });
});
