import { readFile } from "node:fs/promises";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { defineFactory, definePlugin } from "@metalearn/core";
import {
  checkConfig,
  createToolkit,
  type FinishEvent,
  type IteratedRunOptions,
  type NamedRun,
  resolveRun,
  runEvents,
  runsOf,
  type Toolkit,
} from "@metalearn/core/runs";
import synthetic from "@metalearn/datasets-synthetic";
import gpt2 from "@metalearn/models-gpt2";
import mlp from "@metalearn/models-mlp";
import optimizers from "@metalearn/optimizers";
import runtimes from "@metalearn/runtime-tensorflow";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { bestEngine } from "./support/engines.js";
import { letterPlugin } from "./support/letterTasks.js";

const runtime = { use: bestEngine.name };
const inFolder = temporaryFolder();

const curves = {
  toolkit: createToolkit([maml, synthetic, mlp, optimizers, runtimes]),
  config: {
    runtime,
    seed: 3,
    model: { use: "mlp", sizes: [1, 8, 1], loss: "mse" },
    tasks: { use: "sinusoid", targetEpisodes: 4 },
    learner: { use: "maml", tasks: 2, innerOptimizer: { use: "sgd", learningRate: 0.01 } },
    optimizer: { use: "adam", learningRate: 0.01 },
    train: { steps: 8, stepUnit: "updates", batchSize: 5, checkpointEvery: 8 },
    evaluate: { seeds: [1] },
  },
};
const letters = {
  toolkit: createToolkit([letterPlugin, metaicl, gpt2, optimizers, runtimes]),
  config: {
    runtime,
    seed: 9,
    model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
    tasks: { use: "letters" },
    learner: { use: "metaicl" },
    optimizer: { use: "adamw", learningRate: 0.02 },
    train: { steps: 24, stepUnit: "updates", batchSize: 2, checkpointEvery: 24 },
    evaluate: { seeds: [1, 2] },
  },
};

function runOf(
  { toolkit, config }: { toolkit: Toolkit; config: object },
  folder: string,
): IteratedRunOptions {
  const [run] = runsOf(checkConfig(config));
  return { toolkit, ...resolveRun(toolkit, run as NamedRun), directory: inFolder(folder) };
}

/** Events without what the clock says, and where the run lies. */
const timeless = (event: FinishEvent) => {
  if (event.kind === "finished") return { kind: event.kind };
  if (event.kind === "checkpoint") return { kind: event.kind, update: event.update };
  return "seconds" in event ? { ...event, seconds: 0 } : event;
};

/** Takes an event of each in turn, all at once. */
async function takeTurns(runs: readonly IteratedRunOptions[]) {
  const told = runs.map((): FinishEvent[] => []);
  let updates = ""; // the number of the run that made each
  let going = runs.map((run, number) => ({ number, events: runEvents(run) }));
  while (going.length > 0) {
    const turns = await Promise.all(
      going.map(async (run) => ({ run, ...(await run.events.next()) })),
    );
    for (const { run, value } of turns) {
      if (value) told[run.number]?.push(value);
      if (value?.kind === "train") updates += run.number;
    }
    going = turns.filter(({ done }) => !done).map(({ run }) => run);
  }
  return { updates, told: told.map((events) => events.map(timeless)) };
}

const weights = (folder: string, update: string) =>
  readFile(inFolder(folder, `checkpoints/${update}/model/model.safetensors`));

const scores = async (folder: string) => {
  const { all, tasks } = JSON.parse(await readFile(inFolder(folder, "evaluation.json"), "utf8"));
  return { all, tasks };
};

describe("two toolkits in one process", () => {
  test("know only their own plugins", () => {
    expect(curves.toolkit.names("model")).toEqual(["mlp"]);
    expect(letters.toolkit.names("model")).toEqual(["gpt2"]);
  });

  test("may each have something else under a name", async () => {
    const named = (name: string) =>
      createToolkit([
        definePlugin({
          name,
          trackers: {
            mine: defineFactory(z.strictObject({}), () => ({ name, log() {}, close() {} })),
          },
        }),
      ]).open({ seed: 1, references: { tracker: { use: "mine" } } });
    const [a, b] = [named("a"), named("b")];
    expect([(await a.get("tracker")).name, (await b.get("tracker")).name]).toEqual(["a", "b"]);
  });

  test("make runs that take turns, and each ends as it would have alone", async () => {
    const { told: curvesAlone } = await takeTurns([runOf(curves, "curves alone")]);
    const { told: lettersAlone } = await takeTurns([runOf(letters, "letters alone")]);
    const both = [runOf(curves, "curves"), runOf(letters, "letters")];
    const { told, updates } = await takeTurns(both);

    // 8 updates of one and 24 of the other, in turns; the shorter run is closed before the longer one.
    expect([...updates].sort().join("")).toBe("0".repeat(8) + "1".repeat(24));
    expect(updates).toMatch(/(01){3}/);
    expect(updates).toMatch(/1$/);
    // The same events, so that neither hears of what the other compiles, trains or scores.
    expect(told).toEqual([...curvesAlone, ...lettersAlone]);
    expect(await weights("curves", "00000008")).toEqual(await weights("curves alone", "00000008"));
    expect(await weights("letters", "00000024")).toEqual(
      await weights("letters alone", "00000024"),
    );
    expect(await scores("curves")).toEqual(await scores("curves alone"));
    expect(await scores("letters")).toEqual(await scores("letters alone"));
  });

  test("share an engine that stays open when one of them is closed", async () => {
    const scope = (toolkit: Toolkit) => toolkit.open({ seed: 1, references: { runtime } });
    const [closed, open] = [scope(curves.toolkit), scope(letters.toolkit)];
    const [mine] = [await open.get("runtime"), await closed.get("runtime")];
    const square = mine.compile((x: tf.Tensor) => tf.square(x));
    const x = tf.tensor1d([2, 3]);
    expect(Array.from(square(x).dataSync())).toEqual([4, 9]);
    await closed.dispose();
    expect(Array.from(square(x).dataSync())).toEqual([4, 9]);
    expect(tf.getBackend()).toBe(bestEngine.name);
    await open.dispose();
  });

  test("cannot take the engine away from each other", async () => {
    const scope = ({ toolkit }: { toolkit: Toolkit }, use: string) =>
      toolkit.open({ seed: 1, references: { runtime: { use } } });
    const other = bestEngine.name === "wasm" ? "cpu" : "wasm";
    const [first, second] = [scope(curves, bestEngine.name), scope(letters, other)];
    await first.get("runtime");
    await expect(second.get("runtime")).rejects.toThrow(
      `[BAD_OPTION] TensorFlow.js computes with one engine in a process, and the ${bestEngine.name} engine is in use`,
    );
    expect(tf.getBackend()).toBe(bestEngine.name);
    await first.dispose();
    const third = scope(letters, other); // now it is free
    expect((await third.get("runtime")).name).toBe(other);
    await third.dispose();
  });
});
