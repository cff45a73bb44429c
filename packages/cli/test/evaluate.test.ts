import { cp, stat, truncate } from "node:fs/promises";
import type { PredictionLine } from "@metalearn/core/runs";
import type { Finished } from "@metalearn/test-support/command";
import { emptyProject, failureOf, type Project, tinyRun } from "@metalearn/test-support/project";
import { cellsOf, meanAndWorst, type StoredEvaluation } from "@metalearn/test-support/scores";
import { beforeAll, describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const run = "runs/run-seed100";
const model = `${run}/checkpoints/00000008/model`;

let project: Project;
let evaluated: Finished;
beforeAll(async () => {
  project = await projectWithTasks();
  expect((await project.metalearn(["train"])).code).toBe(0);
  evaluated = await project.metalearn(["evaluate", run]);
});

/** An evaluation without its costs and paths. */
const scoresOf = async (path: string) => ({
  ...(await project.json<StoredEvaluation>(path)),
  seconds: 0,
  compileSeconds: 0,
  peakBytes: 0,
  predictions: "",
});

const readLines = async (path: string) =>
  ((await project.read(path)) ?? "")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as PredictionLine);

describe("evaluate", () => {
  test("shows a trained run's scores and keeps them with the run", async () => {
    const { code, stdout, stderr } = evaluated;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^run, seed 100\n {2}crossfit.*\n {2}evaluate 6\/6, unseen_1\n$/);
    expect(stdout).toMatch(new RegExp(`\nScores: ${run}/evaluation.json\n$`));

    const { tasks } = await scoresOf(`${run}/evaluation.json`);
    const [, ...rows] = cellsOf(stdout);
    expect(rows.map(([name]) => name)).toEqual([
      "held_out_1",
      "held_out_2",
      "unseen_1 *",
      "all tasks",
      "unseen domains *",
    ]);
    const shown = rows.map(([, , mean, worst]) => `${mean} / ${worst}`);
    const unseen = tasks.filter(({ unseenDomain }) => unseenDomain);
    expect(shown).toEqual([...tasks.map((task) => [task]), tasks, unseen].map(meanAndWorst));
  });

  test("writes scores with changes elsewhere, and leaves the run's own alone", async () => {
    const before = await stat(project.path(run, "evaluation.json"));
    const args = ["evaluate", run, "evaluate.seeds=[13]", "--output", "new/scores.json"];
    const { code, stdout } = await project.metalearn(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nScores: new\/scores.json\n$/);
    const changed = await scoresOf("new/scores.json");
    // Each set of demonstrations is scored by itself.
    const { tasks } = await scoresOf(`${run}/evaluation.json`);
    expect(changed.tasks.map(({ seeds }) => seeds)).toEqual(
      tasks.map(({ seeds }) => seeds.filter(({ seed }) => seed === 13)),
    );
    expect((await stat(project.path(run, "evaluation.json"))).mtimeMs).toBe(before.mtimeMs);
  });

  test("scores a folder in Hugging Face format as the config says", async () => {
    const { code, stderr } = await project.metalearn(["evaluate", model, "-o", "scores.json"]);
    expect(code).toBe(0);
    expect(stderr).toContain(`${model}\n`);
    expect(await scoresOf("scores.json")).toEqual(await scoresOf(`${run}/evaluation.json`));
  });

  test("scores a folder in Hugging Face format where there is no config, on tasks that are named", async () => {
    const away = await emptyProject();
    await cp(project.path(model), away.path("gpt2"), { recursive: true });
    const args = ["evaluate", "gpt2", "model.tokenizer=byte", "runtime.use=wasm"];
    const { seeds } = tinyRun.evaluate;
    const tasks = { root: project.path("data"), setting: "generated", shots: 2 };
    const { code } = await away.metalearn([
      ...[...args, `tasks=${JSON.stringify(tasks)}`, `evaluate.seeds=${JSON.stringify(seeds)}`],
      ...["-o", "scores.json"],
    ]);
    expect(code).toBe(0);
    const own = await away.json<StoredEvaluation>("scores.json");
    expect(own.tasks).toEqual((await scoresOf(`${run}/evaluation.json`)).tasks);
    expect(await failureOf(away, args)).toMatch(
      /^\[MISSING_FILE\] No config says what to score gpt2 on: .* tasks\.root=data tasks\.setting=hr_to_lr\.\n$/,
    );
  });

  test("scores a checkpoint of a run by the run's own config, from anywhere", async () => {
    const away = await emptyProject();
    const data = `tasks.root=${project.path("data")}`;
    const args = ["evaluate", project.path(model), data, "-o", "scores.json"];
    expect((await away.metalearn(args)).code).toBe(0);
    const own = await away.json<StoredEvaluation>("scores.json");
    expect(own.tasks).toEqual((await scoresOf(`${run}/evaluation.json`)).tasks);
  });

  test("scores the parameters that a run without training begins with", async () => {
    const config = { ...tinyRun, learner: undefined, compare: { runs: { untrained: {} } } };
    await project.write("untrained.json", config);
    await project.metalearn(["compare", "-c", "untrained.json"]);
    const own = "runs/untrained-seed100";
    const { code } = await project.metalearn(["evaluate", own, "-o", "drawn.json"]);
    expect(code).toBe(0);
    expect(await scoresOf("drawn.json")).toEqual(await scoresOf(`${own}/evaluation.json`));
  });

  test("keeps the answer to every question, of which the scores are made", async () => {
    const { tasks, predictions } = await project.json<StoredEvaluation & { predictions: string }>(
      `${run}/evaluation.json`,
    );
    const lines = await readLines(`${run}/${predictions}`);
    for (const { task, seeds } of tasks) {
      for (const { seed, score } of seeds) {
        const own = lines.filter((line) => line.task === task && line.seed === seed);
        expect(own.map(({ question }) => question)).toEqual([0, 1, 2, 3, 4, 5]);
        expect(own.filter(({ correct }) => correct).length / 6).toBe(score);
        for (const { options, scores, prediction, gold, correct } of own) {
          expect(options[scores.indexOf(Math.min(...scores))]).toBe(prediction);
          expect(gold.includes(prediction)).toBe(correct);
        }
      }
    }
    // Answers for a folder that is not a run are written only to the named file.
    const args = ["evaluate", model, "evaluate.seeds=[13]", "--predictions", "new/answers.jsonl"];
    const { code, stdout } = await project.metalearn(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nPredictions: new\/answers.jsonl\n$/);
    expect(await readLines("new/answers.jsonl")).toEqual(lines.filter(({ seed }) => seed === 13));
  });

  test("answers otherwise when it is asked to, and remembers each way", async () => {
    const scored = async (...changes: string[]) => {
      const { code } = await project.metalearn(["evaluate", run, ...changes, "-o", "way.json"]);
      expect(code).toBe(0);
      return scoresOf("way.json");
    };
    const own = await scoresOf(`${run}/evaluation.json`);
    const pmi = await scored("evaluate.method=pmi");
    const majority = await scored("evaluate.method=majority");
    expect(majority.tasks.map(({ seeds }) => seeds)).not.toEqual(
      own.tasks.map(({ seeds }) => seeds),
    );
    expect(await scored("evaluate.method=pmi")).toEqual(pmi);
    expect((await scored()).tasks).toEqual(own.tasks);
  });

  test("refuses a folder without a checkpoint", async () => {
    expect(await failureOf(project, ["evaluate", "nowhere"])).toBe(
      "[MISSING_FILE] nowhere: expected a run with checkpoints, a folder with model.safetensors or pytorch_model.bin, or a GGUF file, but found none. Train first, or name another folder.\n",
    );
  });

  test("refuses a checkpoint that was cut off", async () => {
    await cp(project.path(model), project.path("cut"), { recursive: true });
    const file = project.path("cut/model.safetensors");
    const { size } = await stat(file);
    await truncate(file, size - 100);
    const message = await failureOf(project, ["evaluate", "cut"]);
    expect(message).toContain(
      "[BAD_CHECKPOINT] cut/model.safetensors is not a usable safetensors file:",
    );
    expect(message).toContain("It was probably cut short");
  });
});
