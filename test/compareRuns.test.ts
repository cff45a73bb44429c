import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { defineFactory, definePlugin } from "@metalearn/core";
import {
  type CompareOptions,
  checkConfig,
  compareRuns,
  createToolkit,
  readMetrics,
  runsOf,
} from "@metalearn/core/runs";
import gpt2, { byteTokenizer, gpt2 as createGpt2 } from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { letterPlugin } from "./support/letterTasks.js";

const toolkit = createToolkit([letterPlugin, maml, metaicl, gpt2, optimizers]);

const base = {
  runtime: { use: "plain" },
  model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
  tasks: { use: "letters" },
  optimizer: { use: "adamw", learningRate: 0.01, schedule: "linear", clipNorm: 1 },
  train: { steps: 24, batchSize: 2, logEvery: 4, checkpointEvery: 5, keepCheckpoints: 2 },
  evaluate: { seeds: [1, 2] },
};

const comparison = {
  seeds: [1, 2],
  runs: {
    untrained: {},
    metaicl: { learner: { use: "metaicl" } },
    "maml-en-llm": {
      learner: {
        use: "maml-en-llm",
        tasks: 2,
        innerOptimizer: { use: "adamw", learningRate: 0.01 },
      },
    },
  },
};

const smallGpt2 = createGpt2(
  { layers: 1, width: 8, heads: 2, maxTokens: 16, vocabularySize: 256 },
  byteTokenizer,
);

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "metalearn-compare-"));
});
afterEach(() => rm(out, { recursive: true }));

const options = (config: object, more: Partial<CompareOptions> = {}): CompareOptions => ({
  toolkit,
  out,
  runs: runsOf(checkConfig(config)),
  ...more,
});

/** Collects what a comparison tells the user. */
const listening = (messages: string[]): Partial<CompareOptions> => ({
  onEvent: (_, event) => event.kind === "message" && messages.push(event.text),
});

const parameters = (run: string, update: number) =>
  readFile(join(out, run, "checkpoints", `0000000${update}`, "model/model.safetensors"));

describe("a comparison", () => {
  test("trains and evaluates every run and averages over training seeds", async () => {
    const { runs, rows } = await compareRuns(options({ ...base, compare: comparison }));
    expect(runs).toHaveLength(6);
    expect(rows.map(({ name, seeds, batches }) => ({ name, seeds, batches }))).toEqual([
      { name: "untrained", seeds: [1, 2], batches: 0 },
      { name: "metaicl", seeds: [1, 2], batches: 24 },
      // Two tasks with a support and a query batch each: 24 batches are 6 meta-updates.
      { name: "maml-en-llm", seeds: [1, 2], batches: 24 },
    ]);
    for (const { all, unseen } of rows) {
      expect(all.tasks).toBe(2);
      expect(unseen?.tasks).toBe(1);
      expect(all.worst).toBeLessThanOrEqual(all.mean);
      // Two options: random answers are right half of the time.
      expect(Math.abs(all.chance - 0.5)).toBeLessThan(0.05);
    }
    expect((await readdir(join(out, "metaicl-seed1"))).sort()).toEqual([
      "checkpoints",
      "evaluation.json",
      "metrics.jsonl",
      "predictions",
      "run.json",
      "scores.jsonl",
    ]);
    expect(await readdir(join(out, "metaicl-seed1/checkpoints"))).toEqual(["00000020", "00000024"]);
  });

  test("logs mean losses and falling learning rates", async () => {
    await compareRuns(options({ ...base, learner: { use: "metaicl" } }));
    const metrics = await readMetrics(join(out, "run-seed100"));
    expect(metrics.map(({ update }) => update)).toEqual([4, 5, 8, 10, 12, 15, 16, 20, 24]); // every 4, and with every checkpoint
    // The rate of update 4 is that at index 3 of 24: 0.01 * (24 - 3) / 24.
    expect(metrics[0]?.learningRate).toBeCloseTo(0.01 * (21 / 24), 12);
    expect(metrics.at(-1)?.tokens).toBe(24 * 2 * 10); // sequences of 10 tokens
  });

  test("draws and reads no parameters for a baseline, which asks no model", async () => {
    const sealed = definePlugin({
      name: "sealed",
      models: {
        sealed: defineFactory(z.strictObject({}), () => ({
          ...smallGpt2,
          init: () => Promise.reject(new Error("The model is not to be touched.")),
        })),
      },
    });
    const compared = await compareRuns({
      ...options({ ...base, model: { use: "sealed" }, evaluate: { seeds: [1], method: "random" } }),
      toolkit: createToolkit([letterPlugin, sealed, optimizers]),
    });
    expect(compared.rows[0]?.all.tasks).toBe(2);
    expect(compared.rows[0]?.all.mean).toBeGreaterThan(0);
  });

  test("says of a baseline that trains that it need not", async () => {
    const said: string[] = [];
    const config = {
      ...base,
      learner: { use: "metaicl" },
      evaluate: { seeds: [1], method: "random" },
    };
    await compareRuns(options(config, listening(said)));
    expect(said).toContain(
      'run (seed 100) trains, but its evaluation method random uses no model. "learner: null" in its config saves the training.',
    );
  });

  test("does not repeat finished runs", async () => {
    const config = { ...base, learner: { use: "metaicl" } };
    const first = await compareRuns(options(config));
    const file = join(out, "run-seed100/evaluation.json");
    const before = await stat(file);
    const events: string[] = [];
    const second = await compareRuns(
      options(config, { onEvent: (_, event) => events.push(event.kind) }),
    );
    expect(second.rows).toEqual(first.rows);
    expect(events).toEqual(["open", "message"]); // that it is already trained
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
  });

  test("evaluates a trained run again when only the evaluation is another", async () => {
    const config = { ...base, learner: { use: "metaicl" } };
    await compareRuns(options(config));
    const kinds = new Set<string>();
    const { runs } = await compareRuns(
      options(
        { ...config, evaluate: { seeds: [3] } },
        { onEvent: (_, event) => kinds.add(event.kind) },
      ),
    );
    expect([...kinds]).toEqual(["open", "message", "evaluate"]);
    expect(runs[0]?.evaluation.seeds).toEqual([3]);
  });

  test("refuses a folder that holds a run with another config", async () => {
    const config = { ...base, learner: { use: "metaicl" } };
    await compareRuns(options(config));
    const other = { ...config, optimizer: { ...base.optimizer, learningRate: 0.02 } };
    await expect(compareRuns(options(other))).rejects.toThrow(
      /^\[RUN_EXISTS\] .*run-seed100 already holds a run that differs in optimizer\.learningRate\./,
    );
  });

  test("starts anew where a run failed before its first result", async () => {
    const config = { ...base, learner: { use: "metaicl" } };
    const hopeless = { ...base.optimizer, learningRate: 1e30, clipNorm: 1e9 };
    await expect(compareRuns(options({ ...config, optimizer: hopeless }))).rejects.toThrow(
      "[NON_FINITE]",
    );
    const { runs } = await compareRuns(options(config));
    expect(runs[0]?.evaluation.seeds).toEqual([1, 2]);
    const record = JSON.parse(await readFile(join(out, "run-seed100/run.json"), "utf8"));
    expect(record.config.optimizer.learningRate).toBe(0.01);
  });

  test("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await compareRuns(options({ ...base, compare: comparison }));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("an interrupted run", () => {
  const config = {
    ...base,
    learner: {
      use: "maml-en-llm",
      moments: "separate",
      innerOptimizer: { use: "adamw", learningRate: 0.01 },
    },
  }; // one task per meta-update: 24 batches are 12 meta-updates

  // Rates are kept beside the model, in the file of the optimizer.
  const rates = { ...base, learner: { use: "lslr", tasks: 1, innerSteps: 2 } };

  test.each([
    ["", config],
    [", with what its learner learns", rates],
  ])(
    "keeps a checkpoint and ends, when resumed, as if it had never stopped%s",
    async (_, config) => {
      await compareRuns(options(config));
      const whole = await parameters("run-seed100", 9).catch(() => undefined);
      expect(whole).toBeUndefined(); // only the last two checkpoints are kept
      const results = () =>
        Promise.all(
          ["model/model.safetensors", "optimizer.safetensors"].map((file) =>
            readFile(join(out, "run-seed100/checkpoints/00000012", file)),
          ),
        );
      const uninterrupted = await results();
      const scores = await readFile(join(out, "run-seed100/evaluation.json"), "utf8");
      await rm(join(out, "run-seed100"), { recursive: true });

      const controller = new AbortController();
      const stopping = compareRuns(
        options(config, {
          signal: controller.signal,
          onEvent: (_, event) => event.kind === "train" && event.done === 7 && controller.abort(),
        }),
      );
      await expect(stopping).rejects.toThrow(
        "[INTERRUPTED] run (seed 100) stopped after update 7 of 12. Run the same command again",
      );
      expect(await readdir(join(out, "run-seed100/checkpoints"))).toEqual(["00000005", "00000007"]);

      const messages: string[] = [];
      await compareRuns(options(config, listening(messages)));
      expect(messages).toEqual(["run (seed 100) resumes: checkpoint of update 7 of 12."]);
      expect(await results()).toEqual(uninterrupted);
      const { tokens } = (await readMetrics(join(out, "run-seed100"))).at(-1) ?? {};
      expect(tokens).toBe(12 * 2 * 2 * 10); // updates, batches, sequences, tokens of each
      const again = await readFile(join(out, "run-seed100/evaluation.json"), "utf8");
      const withoutCost = (text: string) => ({ ...JSON.parse(text), seconds: 0, peakBytes: 0 });
      expect(withoutCost(again)).toEqual(withoutCost(scores));
    },
  );

  test("that was killed while writing loses only what came after its last checkpoint", async () => {
    const controller = new AbortController();
    await compareRuns(
      options(config, {
        signal: controller.signal,
        onEvent: (_, event) => event.kind === "train" && event.done === 7 && controller.abort(),
      }),
    ).catch(() => {});
    const folder = join(out, "run-seed100");
    // Files that a kill leaves: a checkpoint under its temporary name, a metrics line cut in half.
    await writeFile(join(folder, "checkpoints/.00000008.abc.tmp"), "half a checkpoint");
    const metrics = await readFile(join(folder, "metrics.jsonl"), "utf8");
    await writeFile(join(folder, "metrics.jsonl"), `${metrics}{"update":8,"lo`);
    await compareRuns(options(config));
    const updates = (await readMetrics(folder)).map(({ update }) => update);
    expect(updates).toEqual([4, 5, 7, 8, 10, 12]);
    expect(await readdir(join(folder, "checkpoints"))).toEqual(["00000010", "00000012"]);
  });
});
