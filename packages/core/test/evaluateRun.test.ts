import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { checkConfig } from "../src/config/checkConfig.js";
import { runsOf } from "../src/config/runsOf.js";
import type { Compilation } from "../src/contracts/runtime.js";
import type { TargetTask } from "../src/contracts/task.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import { evaluateRun } from "../src/run/evaluateRun.js";
import { findParams } from "../src/run/findParams.js";
import { lockRun } from "../src/run/lock/runLock.js";
import { openRun, type Run, type RunOptions } from "../src/run/openRun.js";
import { readEvaluation } from "../src/run/record/evaluationRecord.js";
import { bigramParams } from "./support/bigramModel.js";
import { component, plainPlugin } from "./support/plainPlugin.js";

const inFolder = temporaryFolder();

describe("the parameters of a path", () => {
  async function checkpoint(...path: string[]) {
    await mkdir(inFolder(...path), { recursive: true });
    await writeFile(inFolder(...path, "model.safetensors"), "");
  }

  test("are those of a run's newest checkpoint", async () => {
    await checkpoint("run/checkpoints/00000900/model");
    await checkpoint("run/checkpoints/00001000/model");
    // What a killed write leaves behind is no checkpoint.
    await checkpoint("run/checkpoints/.00001100.abc.tmp/model");
    expect(await findParams(inFolder("run"))).toBe(inFolder("run/checkpoints/00001000/model"));
  });

  test("are those of a single checkpoint", async () => {
    await checkpoint("run/checkpoints/00000900/model");
    expect(await findParams(inFolder("run/checkpoints/00000900"))).toBe(
      inFolder("run/checkpoints/00000900/model"),
    );
  });

  test("are those of a folder in the model's own format, in shards as well", async () => {
    await checkpoint("gpt2");
    expect(await findParams(inFolder("gpt2"))).toBe(inFolder("gpt2"));
    await mkdir(inFolder("large"));
    await writeFile(inFolder("large/model.safetensors.index.json"), "{}");
    expect(await findParams(inFolder("large"))).toBe(inFolder("large"));
  });

  test.each(["nowhere", "empty", "run"])("of the folder %s are not there", async (folder) => {
    await mkdir(inFolder("empty"));
    await mkdir(inFolder("run/checkpoints/00000900/model"), { recursive: true });
    await expect(findParams(inFolder(folder))).rejects.toThrow(
      `[MISSING_FILE] ${inFolder(folder)}: expected a run with checkpoints,`,
    );
  });
});

const target: TargetTask = {
  name: "successor",
  metric: "accuracy",
  unseenDomain: false,
  questions: async () => [
    // The bigram model answers 3 after 0.
    {
      options: ["3", "1"],
      sequences: [
        { ids: [0, 3], scoredFrom: 1 },
        { ids: [0, 1], scoredFrom: 1 },
      ],
      gold: ["3"],
    },
  ],
};

const withTarget = (run: Run, target: TargetTask): Run => ({
  ...run,
  tasks: { ...run.tasks, targets: [target] },
});

async function begin(more: Partial<RunOptions> = {}) {
  const base = {
    model: { use: "bigram" },
    tasks: { use: "numbers" },
    evaluate: { seeds: [1, 2] },
  };
  const run = await openRun({
    toolkit: createToolkit([plainPlugin()]),
    config: runsOf(checkConfig(base))[0].config,
    name: "maml",
    directory: inFolder("run"),
    ...more,
  });
  return withTarget(run, target);
}

describe("the evaluation of a run", () => {
  test("is kept beside the run, with the seeds that decide it", async () => {
    const run = await begin();
    expect(await readEvaluation(run.directory)).toBeUndefined();
    const found = await evaluateRun(run, bigramParams());
    expect(found).toMatchObject({ format: 1, seeds: [1, 2], all: { tasks: 1, mean: 1 } });
    expect(await readEvaluation(run.directory)).toEqual(found);
  });

  test("tells the seconds of what was compiled for it, without what training compiled", async () => {
    const run = await begin();
    const lasting = (traceMs: number, firstRunMs: number) =>
      component<Compilation>({ traceMs, firstRunMs });
    const reports = [[lasting(100, 400)], [lasting(100, 400), lasting(50, 200)]];
    const runtime = { ...run.runtime, compilations: () => reports.shift() ?? [] };
    const found = await evaluateRun({ ...run, runtime }, bigramParams());
    expect(found.compileSeconds).toBeCloseTo(0.25, 9);
  });

  test("need not be kept", async () => {
    await evaluateRun(await begin(), bigramParams(), { keep: false });
    expect(await readdir(inFolder())).toEqual([]);
  });

  test("that is interrupted leaves nothing and says how to resume", async () => {
    const controller = new AbortController();
    const run = await begin({
      signal: controller.signal,
      onEvent: () => controller.abort(),
    });
    await expect(evaluateRun(run, bigramParams())).rejects.toThrow(
      "[INTERRUPTED] The evaluation of maml (seed 100) stopped. Run the same command again",
    );
    expect(await readdir(inFolder())).toEqual([]);
  });
});

describe("an evaluation in the directory of a run", () => {
  /** A target that remembers the seeds for which it was asked. */
  function countingTarget() {
    const asked: number[] = [];
    const counting: TargetTask = {
      ...target,
      questions(seed) {
        asked.push(seed);
        return target.questions(seed);
      },
    };
    return { asked, counting };
  }

  /** Evaluates with some seeds, and gives those for which questions were asked. */
  async function evaluateSeeds(
    seeds: number[],
    more: Partial<RunOptions> = {},
    params = bigramParams(),
  ) {
    const { asked, counting } = countingTarget();
    const run = withTarget(await begin({ ...more }), counting);
    const config = { ...run.config, evaluate: { ...run.config.evaluate, seeds } };
    const found = await evaluateRun({ ...run, config }, params).catch((error: Error) => error);
    await run.close();
    return { asked, found };
  }

  const scores = () => inFolder("run/scores.jsonl");
  beforeEach(async () => {
    await mkdir(inFolder("run"));
    await writeFile(inFolder("run/run.json"), "{}");
  });

  test("resumes where it was interrupted", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stopped = await evaluateSeeds([1, 2, 3], {
      signal,
      onEvent: ({ kind }) => kind === "evaluate" && controller.abort(),
    });
    expect(stopped.asked).toEqual([1]);
    expect(String(stopped.found)).toContain("Run the same command again to resume it.");
    const { asked, found } = await evaluateSeeds([1, 2, 3]);
    expect(asked).toEqual([2, 3]);
    expect(found).toMatchObject({ seeds: [1, 2, 3], all: { mean: 1 } });
  });

  test("computes only the seeds that are new", async () => {
    const first = await evaluateSeeds([1, 2]);
    expect((await evaluateSeeds([2, 5, 1])).asked).toEqual([5]);
    const again = await evaluateSeeds([1, 2]);
    expect(again.asked).toEqual([]);
    const anew = { seconds: expect.any(Number), peakBytes: expect.any(Number) };
    expect(again.found).toEqual({ ...first.found, ...anew });
  });

  test("is refused while another process has the run, unless it is not to be kept", async () => {
    const other = await lockRun(inFolder("run"));
    const run = await begin();
    const evaluation = (keep: boolean) => evaluateRun(run, bigramParams(), { keep });
    await expect(evaluation(true)).rejects.toThrow("[RUN_LOCKED]");
    expect(await evaluation(false)).toMatchObject({ all: { mean: 1 } });
    await other.release();
    expect(await readdir(inFolder("run"))).toEqual(["run.json"]);
  });

  test("does not trust a line that was cut off, and continues after it", async () => {
    await evaluateSeeds([1, 2]);
    const text = await readFile(scores(), "utf8");
    await writeFile(scores(), text.slice(0, -5)); // the score of seed 2
    expect((await evaluateSeeds([1, 2])).asked).toEqual([2]);
    expect((await evaluateSeeds([1, 2])).asked).toEqual([]);
    await writeFile(scores(), `${text.replaceAll(/"score":[^,]*/g, '"score":"high"')}\nnonsense`);
    expect((await evaluateSeeds([1, 2])).asked).toEqual([1, 2]);
  });

  test("begins anew with other parameters, data, models or tasks", async () => {
    await evaluateSeeds([1]);
    const other = { table: tf.zeros([4, 4]) };
    expect((await evaluateSeeds([1], {}, other)).asked).toEqual([1]);
    const { asked, counting } = countingTarget();
    const run = withTarget(await begin(), counting);
    const { tasks } = run;
    const evaluate = { ...run.config.evaluate, seeds: [1] };
    const seeds = { ...run.config, evaluate };
    for (const [changed, config] of [
      [{ ...tasks, fingerprints: { "a.jsonl": "changed" } }, seeds],
      [tasks, { ...seeds, model: { use: "bigram", order: 3 } }],
      [tasks, { ...seeds, tasks: { use: "numbers", count: 3 } }],
    ] as const) {
      await evaluateRun({ ...run, tasks: changed, config }, bigramParams());
    }
    expect(asked).toEqual([1, 1, 1]);
  });
});
