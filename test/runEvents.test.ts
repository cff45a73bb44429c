import { getEventListeners } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import {
  type ComparisonEvent,
  checkConfig,
  comparisonEvents,
  createToolkit,
  type FinishEvent,
  finishRun,
  type IteratedRunOptions,
  lockRun,
  type NamedRun,
  type RunConfig,
  resolveRun,
  runEvents,
  runsOf,
  type TrainEvent,
  trainEvents,
} from "@metalearn/core/runs";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { letterPlugin } from "./support/letterTasks.js";

const toolkit = createToolkit([letterPlugin, maml, metaicl, gpt2, optimizers]);
const inFolder = temporaryFolder();

const base = {
  runtime: { use: "plain" },
  model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
  tasks: { use: "letters" },
  learner: { use: "maml-en-llm", innerOptimizer: { use: "adamw", learningRate: 0.01 } },
  optimizer: { use: "adamw", learningRate: 0.01 },
  train: { steps: 6, stepUnit: "updates", batchSize: 2, checkpointEvery: 4 },
  evaluate: { seeds: [1] },
};

const runOf = (config: object): NamedRun => resolveRun(toolkit, runsOf(checkConfig(config))[0]);

const options = (name: string, more: Partial<IteratedRunOptions> = {}): IteratedRunOptions => ({
  toolkit,
  ...runOf(base),
  name,
  directory: inFolder(name),
  ...more,
});

const weights = (name: string, update = 6) =>
  readFile(inFolder(name, "checkpoints", `0000000${update}`, "model/model.safetensors"));

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
// However a run ends, it leaves nothing in the engine.
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

describe("the events of a run", () => {
  test("come in order and end with the result", async () => {
    const kinds: string[] = [];
    let last: FinishEvent | undefined;
    for await (const event of runEvents(options("whole"))) {
      kinds.push(event.kind === "train" ? `train ${event.done}/${event.total}` : event.kind);
      last = event;
    }
    expect(kinds).toEqual([
      "open",
      ...["train 1/6", "train 2/6", "train 3/6", "train 4/6", "checkpoint"],
      ...["train 5/6", "train 6/6", "checkpoint"],
      ...["evaluate", "evaluate"], // two targets with one seed
      "finished",
    ]);
    if (last?.kind !== "finished") throw new Error("the last event should be the result");
    const file = await readFile(inFolder("whole/evaluation.json"), "utf8");
    expect(last.run.evaluation).toEqual(JSON.parse(file));
  });

  test("leave the result as it is without them", async () => {
    await finishRun(options("plain"));
    for await (const _ of runEvents(options("iterated")));
    expect(await weights("iterated")).toEqual(await weights("plain"));
  });

  test("tell of validation and of the best parameters", async () => {
    const { config } = runOf({ ...base, train: { ...base.train, validate: { every: 3 } } });
    const validated: TrainEvent[] = [];
    for await (const event of trainEvents(options("validated", { config }))) {
      if (event.kind === "validated") validated.push(event);
    }
    expect(validated).toEqual([
      { kind: "validated", update: 3, score: expect.any(Number), isBest: true },
      { kind: "validated", update: 6, score: expect.any(Number), isBest: expect.any(Boolean) },
    ]);
  });

  test("have types that tell them apart", () => {
    type Train = Extract<TrainEvent, { kind: "train" }>;
    expectTypeOf<Train["loss"]>().toEqualTypeOf<number>();
    expectTypeOf<Extract<ComparisonEvent, { kind: "train" }>["run"]>().toEqualTypeOf<NamedRun>();
    // @ts-expect-error there is no such event
    type _ = Extract<TrainEvent, { kind: "train" }>["task"];
    expectTypeOf<Extract<TrainEvent, { kind: "finished" }>>().toEqualTypeOf<never>();
  });
});

describe("leaving the loop", () => {
  test("stops training after the current update, with a checkpoint to resume from", async () => {
    let seen = 0;
    for await (const event of trainEvents(options("left"))) {
      if (event.kind === "train") seen = event.done;
      // As slow as somebody who looks at the event: the run waits, and does not make update 3.
      if (seen === 2) await new Promise((resolve) => setTimeout(resolve, 50));
      if (seen === 2) break;
    }
    expect(await readdir(inFolder("left/checkpoints"))).toEqual(["00000002"]);
    await (await lockRun(inFolder("left"), { patienceMs: 0 })).release(); // the directory is no longer locked

    for await (const _ of runEvents(options("left"))); // resumes
    for await (const _ of runEvents(options("unbroken")));
    expect(await weights("left")).toEqual(await weights("unbroken"));
  });

  test("stops an evaluation", async () => {
    for await (const event of runEvents(options("scored"))) {
      if (event.kind === "evaluate") break;
    }
    const files = await readdir(inFolder("scored"));
    expect(files).toContain("scores.jsonl");
    expect(files).not.toContain("evaluation.json");
  });

  test("before the first update frees the model", async () => {
    for await (const event of runEvents(options("opened"))) if (event.kind === "open") break;
    expect(await readdir(inFolder("opened/checkpoints")).catch(() => [])).toEqual([]);
  });

  test("lets an error of the loop's own body through", async () => {
    const failing = async () => {
      for await (const { kind } of runEvents(options("mistaken"))) {
        if (kind === "train") throw new TypeError("a bug of the caller");
      }
    };
    await expect(failing()).rejects.toThrow("a bug of the caller");
  });
});

describe("a signal", () => {
  const stopping = async (signal: AbortSignal, onTrain: (done: number) => void) => {
    let made = 0;
    for await (const event of runEvents(options("stopped", { signal }))) {
      if (event.kind !== "train") continue;
      made = event.done;
      onTrain(made);
    }
    return made;
  };

  test("stops training after the update in hand; the loop says so", async () => {
    const controller = new AbortController();
    const work = stopping(controller.signal, (done) => done === 3 && controller.abort());
    await expect(work).rejects.toThrow("[INTERRUPTED] stopped (seed 100) stopped after update 3");
    expect(await readdir(inFolder("stopped/checkpoints"))).toEqual(["00000003"]);
  });

  test("that is aborted by who leaves the loop as well is no error", async () => {
    const controller = new AbortController();
    for await (const event of runEvents(options("both", { signal: controller.signal }))) {
      if (event.kind !== "train") continue;
      controller.abort();
      break;
    }
    expect(await readdir(inFolder("both/checkpoints"))).toEqual(["00000001"]);
  });

  test("that is aborted already lets nothing be trained", async () => {
    const work = stopping(AbortSignal.abort(), () => {});
    await expect(work).rejects.toThrow("[INTERRUPTED] stopped (seed 100) stopped after update 0");
  });

  test("has no listeners left when the run has ended", async () => {
    const { signal } = new AbortController();
    expect(await stopping(signal, () => {})).toBe(6);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test("a run that fails makes the loop throw", async () => {
  const config: RunConfig = { ...runOf(base).config, tasks: { use: "lettres" } };
  const failing = async () => {
    for await (const _ of runEvents(options("wrong", { config })));
  };
  await expect(failing()).rejects.toThrow(
    '[UNKNOWN_NAME] in the run "wrong": No tasks is called "lettres". Did you mean "letters"?',
  );
});

test("the events of a comparison name their run, and end with the table", async () => {
  const runs = runsOf(
    checkConfig({
      ...base,
      compare: {
        runs: {
          maml: {},
          broken: { optimizer: { learningRate: 1e30 } }, // loses itself in numbers that are none
        },
      },
    }),
  );
  const told: string[] = [];
  let last: ComparisonEvent | undefined;
  for await (const event of comparisonEvents({ toolkit, runs, out: inFolder() })) {
    if (event.kind === "run") told.push(`${event.index + 1}/${event.total} ${event.run.name}`);
    if (event.kind === "evaluate") told.push(`${event.run.name}: ${event.task}`);
    if (event.kind === "failed") told.push(`${event.failure.name} failed`);
    last = event;
  }
  expect(told).toEqual(["1/2 maml", "maml: near", "maml: far", "2/2 broken", "broken failed"]);
  expect(last).toMatchObject({ kind: "compared", outcome: { rows: [{ name: "maml" }] } });
  expect(await readdir(join(inFolder(), "maml-seed100"))).toContain("evaluation.json");
});
