import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { defineFactory, definePlugin } from "@metalearn/core";
import { verifyChecksums } from "@metalearn/core/files";
import {
  type CompareOptions,
  checkConfig,
  compareRuns,
  createToolkit,
  findParams,
  readMetrics,
  readPredictions,
  runCheckpoint,
  runsOf,
} from "@metalearn/core/runs";
import gpt2 from "@metalearn/models-gpt2";
import optimizers from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { letterPlugin, letterTasks } from "./support/letterTasks.js";

/** Letters whose dev task scores what a test says, by how often it was asked. */
const judgedPlugin = definePlugin({
  name: "judged",
  tasks: {
    judged: defineFactory(z.strictObject({ scores: z.array(z.number()) }), ({ scores }) => {
      const tasks = letterTasks();
      const [dev] = tasks.devTargets ?? [];
      let asked = 0;
      return {
        ...tasks,
        devTargets: [
          {
            name: "dev",
            unseenDomain: false,
            metric: "accuracy" as const,
            // Right answers for the first of ten questions, and wrong ones for the others.
            questions: async (seed: number) => {
              const right = 10 * (scores[asked++] ?? 0);
              const questions = dev && "questions" in dev ? await dev.questions(seed) : [];
              return questions.slice(0, 10).map((question, i) => ({
                ...question,
                gold: i < right ? question.options : ["neither"],
              }));
            },
          },
        ],
      };
    }),
  },
});

const toolkit = createToolkit([letterPlugin, judgedPlugin, maml, metaicl, gpt2, optimizers]);

const base = {
  runtime: { use: "plain" },
  model: { use: "gpt2", layers: 1, width: 8, heads: 2, maxTokens: 16, tokenizer: "byte" },
  tasks: { use: "letters" },
  learner: { use: "metaicl" },
  optimizer: { use: "adamw", learningRate: 0.01, schedule: "linear", clipNorm: 1 },
  train: { steps: 12, batchSize: 2, logEvery: 4, checkpointEvery: 4, keepCheckpoints: 3 },
  evaluate: { seeds: [1] },
};
const withTrain = (train: object) => ({ ...base, train: { ...base.train, ...train } });

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "metalearn-surviving-"));
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
const inRun = (...parts: string[]) => join(out, "run-seed100", ...parts);
const checkpoints = () => readdir(inRun("checkpoints"));
const parameters = (path: string) => readFile(join(path, "model/model.safetensors"));

describe("a run whose last checkpoint is damaged", () => {
  test.each([
    [1, "model/model.safetensors"],
    [2, "optimizer.safetensors"],
    [3, "training.json"],
  ])(
    "resumes from the one before, with %i of 3 damaged in %s, and says so",
    async (damaged, damagedFile) => {
      await compareRuns(options(base));
      const whole = await parameters(inRun("checkpoints/00000012"));
      await rm(inRun("evaluation.json"));
      const last = (await checkpoints()).slice(-damaged);
      for (const name of last) {
        const file = inRun("checkpoints", name, damagedFile);
        const bytes = await readFile(file);
        bytes[bytes.length - 3] = (bytes.at(-3) ?? 0) ^ 16; // one bit, of a tensor's last number
        await writeFile(file, bytes);
      }
      const messages: string[] = [];
      await compareRuns(options(base, listening(messages)));
      expect(
        messages.filter((text) => text.includes(`${damagedFile} is not what was written`)),
      ).toHaveLength(damaged);
      expect(messages.some((text) => text.includes("resumes: checkpoint of update"))).toBe(
        damaged < 3,
      );
      expect(await checkpoints()).toEqual(
        expect.arrayContaining(last.map((name) => `${name}.damaged`)),
      );
      expect(await parameters(inRun("checkpoints/00000012"))).toEqual(whole);
    },
  );
});

describe("checkpoints", () => {
  test("are also written by the clock", async () => {
    await compareRuns(
      options(withTrain({ checkpointEvery: 1000, checkpointMinutes: 1e-9, keepCheckpoints: 5 })),
    );
    expect(await checkpoints()).toEqual([8, 9, 10, 11, 12].map((n) => String(n).padStart(8, "0")));
  });
});

describe("a run that validates", () => {
  const judged = (scores: number[], validate: object) => ({
    ...withTrain({ keepCheckpoints: 1, validate: { every: 2, ...validate } }),
    tasks: { use: "judged", scores },
  });

  test("keeps the best checkpoint, and ends with its parameters", async () => {
    const { runs } = await compareRuns(options(judged([0.2, 0.6, 0.4, 0.6, 0.3, 0.5], {})));
    expect(await checkpoints()).toEqual(["00000004", "00000012"]);
    expect((await readMetrics(inRun())).map(({ update, devScore }) => [update, devScore])).toEqual([
      [2, 0.2],
      [4, 0.6],
      [6, 0.4],
      [8, 0.6],
      [10, 0.3],
      [12, 0.5],
    ]);
    expect(await findParams(inRun())).toBe(inRun("checkpoints/00000004/model"));
    expect(await runCheckpoint(inRun())).toMatchObject({ finished: true });
    // The scores are those of the best parameters: of a run that was trained no further.
    const early = join(out, "early");
    const stopped = await compareRuns({
      ...options(judged([0.2, 0.6, 0.4], { patience: 1 })),
      out: early,
    });
    expect(stopped.runs[0]?.evaluation.tasks).toEqual(runs[0]?.evaluation.tasks);
  });

  test("stops when it has not got better for long enough, also after it was interrupted", async () => {
    const config = judged([0.2, 0.6, 0.4, 0.5, 0.9], { patience: 2 });
    const messages: string[] = [];
    await compareRuns(options(config, listening(messages)));
    expect(messages.at(-1)).toBe(
      "run (seed 100) stops early, at update 8 of 12: the best score on dev tasks is that of update 4.",
    );
    const whole = await parameters(inRun("checkpoints/00000004"));
    const last = await parameters(inRun("checkpoints/00000008"));
    await rm(inRun(), { recursive: true });

    const controller = new AbortController();
    const stopping = compareRuns(
      options(config, {
        signal: controller.signal,
        onEvent: (_, event) => event.kind === "train" && event.done === 5 && controller.abort(),
      }),
    );
    await expect(stopping).rejects.toThrow("stopped after update 5 of 12");
    // Another process has been asked nothing yet.
    const rest = { ...config, tasks: { use: "judged", scores: [0.4, 0.5] } };
    const record = JSON.parse(await readFile(inRun("run.json"), "utf8"));
    await writeFile(
      inRun("run.json"),
      JSON.stringify({ ...record, config: { ...record.config, tasks: rest.tasks } }),
    );
    await compareRuns(options(rest));
    expect(await checkpoints()).toEqual(["00000004", "00000008"]);
    expect(await parameters(inRun("checkpoints/00000004"))).toEqual(whole);
    expect(await parameters(inRun("checkpoints/00000008"))).toEqual(last);
    const again: string[] = [];
    await compareRuns(options(rest, listening(again)));
    expect(again).toEqual(["run (seed 100) is already trained: checkpoint of update 8 of 12."]);
  });

  test.each([8, 12])(
    "is interrupted while it scores dev tasks at update %i of 12, and resumes there",
    async (update) => {
      const scores = { 4: 0.2, 8: 0.6, 12: 0.4 };
      const asked = Object.values(scores).flatMap((score) => [score, score]); // two seeds
      const validate = { every: 4, seeds: [1, 2] };
      await compareRuns(options(judged(asked, validate)));
      const [whole, evaluation] = [
        await parameters(inRun("checkpoints/00000012")),
        "evaluation.json",
      ];
      const { tasks } = JSON.parse(await readFile(inRun(evaluation), "utf8"));
      await rm(inRun(), { recursive: true });

      const before = tf.memory().numTensors;
      const controller = new AbortController();
      const events: unknown[] = [];
      const stopping = compareRuns(
        options(judged(asked, validate), {
          signal: controller.signal,
          onEvent: (_, event) => {
            if (event.kind !== "validate") return;
            events.push([event.done, event.total, event.task]);
            if (events.length === update / 2 - 1) controller.abort(); // one of two seeds is scored
          },
        }),
      );
      await expect(stopping).rejects.toThrow(
        `[INTERRUPTED] run (seed 100) stopped after update ${update}`,
      );
      expect(events.slice(-1)).toEqual([[1, 2, "dev"]]);
      expect(tf.memory().numTensors).toBe(before);
      const checkpoint = String(update).padStart(8, "0");
      expect(await runCheckpoint(inRun())).toEqual({
        directory: inRun("checkpoints", checkpoint),
        finished: false,
      });

      // Another process, which has been asked nothing yet.
      const rest = judged(asked.slice(update / 2 - 2), validate);
      const record = JSON.parse(await readFile(inRun("run.json"), "utf8"));
      record.config.tasks = rest.tasks;
      await writeFile(inRun("run.json"), JSON.stringify(record));
      await compareRuns(options(rest));
      const lines = await readMetrics(inRun());
      expect(lines.map(({ update, devScore }) => [update, devScore])).toEqual(
        Object.entries(scores).map(([at, score]) => [Number(at), score]),
      );
      expect(lines.every(({ loss }) => typeof loss === "number")).toBe(true);
      expect(await parameters(inRun("checkpoints/00000012"))).toEqual(whole);
      expect(JSON.parse(await readFile(inRun(evaluation), "utf8")).tasks).toEqual(tasks);
      expect(await runCheckpoint(inRun())).toEqual({
        directory: inRun("checkpoints/00000008"),
        finished: true,
      });
    },
  );

  test("leaves no tensor behind, whether it is resumed or not", async () => {
    const config = judged([0.6, 0.2, 0.2, 0.2, 0.2, 0.2], {});
    const before = tf.memory().numTensors;
    await compareRuns(options(config));
    await compareRuns(options(config));
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("a run that cannot begin leaves no tensor and no file, and the others of a comparison go on", async () => {
  const before = tf.memory().numTensors;
  const hopeless = { trainable: ["nothing.*"] };
  await expect(compareRuns(options({ ...base, ...hopeless }))).rejects.toThrow(
    '[BAD_OPTION] trainable: no parameter is called "nothing.*".',
  );
  expect(await readdir(out)).toEqual([]);
  const runs = { hopeless, good: {} };
  const compared = await compareRuns(options({ ...base, compare: { runs } }));
  expect(compared.failures.map(({ name }) => name)).toEqual(["hopeless"]);
  expect(await readdir(out)).toEqual(["good-seed100"]);
  expect(tf.memory().numTensors).toBe(before);
});

describe("a run that stops being a number", () => {
  const hopeless = { ...base.optimizer, learningRate: 1e30, clipNorm: 1e9 };

  test("names tensor, update and task, and keeps the state before", async () => {
    const before = tf.memory().numTensors;
    const failing = compareRuns(options({ ...base, optimizer: hopeless }));
    await expect(failing).rejects.toThrow(
      /^\[NON_FINITE\] run \(seed 100\): At meta-update 2 the loss is .* the gradient of ".+" is not finite \(tasks: signs\)\..* The state after update 1 is in .*run-seed100\/failure\.$/,
    );
    expect(tf.memory().numTensors).toBe(before);
    await verifyChecksums(inRun("failure"));
    const { update, sampler } = JSON.parse(await readFile(inRun("failure/training.json"), "utf8"));
    // The failing update's draws are not counted: one batch of two was read before.
    expect({ update, sampler }).toEqual({ update: 1, sampler: { drawn: 2 } });
  });

  test("fails when its only update made its parameters infinite, and keeps no checkpoint of them", async () => {
    const config = withTrain({ steps: 2, stepUnit: "updates" });
    const infinite = { ...hopeless, learningRate: 1e39, schedule: "constant" }; // in float32
    await expect(
      compareRuns(
        options({ ...config, optimizer: infinite, train: { ...config.train, steps: 1 } }),
      ),
    ).rejects.toThrow(
      /^\[NON_FINITE\] run \(seed 100\): After meta-update 1 the parameter ".+" holds NaN or infinity\./,
    );
    expect(await checkpoints().catch(() => [])).toEqual([]);
  });

  test("does not stop the others of a comparison", async () => {
    const runs = { bad: { optimizer: hopeless }, good: {} };
    const { runs: finished, failures } = await compareRuns(options({ ...base, compare: { runs } }));
    expect(finished.map(({ name }) => name)).toEqual(["good"]);
    expect(failures.map(({ name, error }) => [name, String(error)])).toEqual([
      ["bad", expect.stringContaining("[NON_FINITE] bad (seed 100): At meta-update 2")],
    ]);
  });
});

const canMount = (() => {
  const { status } = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return status === 0;
})();

describe.skipIf(!canMount)(
  "on a disk that is full (a tmpfs; skipped where none can be mounted)",
  () => {
    beforeEach(() => {
      spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", out]);
    });
    afterEach(() => {
      spawnSync("umount", [out]);
    });

    test("a run says so, damages nothing, and resumes when there is space", async () => {
      const config = withTrain({ checkpointEvery: 1, keepCheckpoints: 100 });
      await expect(compareRuns(options(config))).rejects.toThrow(
        /^\[DISK_FULL\] There is no space left to write .*\. What was written before is complete: free some space, and run the same command again to resume\.$/,
      );
      const kept = await checkpoints();
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.every((name) => /^\d{8}$/.test(name))).toBe(true);
      spawnSync("mount", ["-o", "remount,size=64m", out]);
      const messages: string[] = [];
      await compareRuns(options(config, listening(messages)));
      expect(messages).toEqual([
        `run (seed 100) resumes: checkpoint of update ${Number(kept.at(-1))} of 12.`,
      ]);
      const resumed = await parameters(inRun("checkpoints/00000012"));
      await compareRuns({ ...options(config), out: join(out, "whole") });
      expect(resumed).toEqual(
        await parameters(join(out, "whole/run-seed100/checkpoints/00000012")),
      );
    });

    test("an evaluation says so, and resumes when there is space", async () => {
      spawnSync("mount", ["-o", "remount,size=64k", out]);
      const config = { ...base, learner: undefined, evaluate: { seeds: [...Array(40).keys()] } };
      await expect(compareRuns(options(config))).rejects.toThrow(
        /^\[DISK_FULL\] There is no space left to write .*predictions.*\.jsonl\./,
      );
      spawnSync("mount", ["-o", "remount,size=64m", out]);
      const { runs: resumed } = await compareRuns(options(config));
      const { runs: whole } = await compareRuns({ ...options(config), out: join(out, "whole") });
      expect(resumed[0]?.evaluation.tasks).toEqual(whole[0]?.evaluation.tasks);
      const answers = (run?: (typeof whole)[number]) =>
        readPredictions(join(run?.directory ?? "", run?.evaluation.predictions ?? ""));
      const byPlace = (a: object, b: object) => JSON.stringify(a).localeCompare(JSON.stringify(b));
      expect((await answers(resumed[0])).sort(byPlace)).toEqual(
        (await answers(whole[0])).sort(byPlace),
      );
    });
  },
);
