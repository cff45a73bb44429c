import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { lockRun, type RunLock } from "@metalearn/core/runs";
import { start, startOnTerminal } from "@metalearn/test-support/command";
import { emptyProject, type Project, tinyRun } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";
import { lossCurve } from "../src/watch/lossCurve.js";
import { secondsLeft } from "../src/watch/statusLines.js";
import { comparedRun } from "./support/comparedRun.js";
import { projectWithTasks } from "./support/projectWithTasks.js";

describe("a curve of the loss", () => {
  test("goes from its first point to its last, the highest value above", () => {
    // Two characters by one: four dots across, four down; a falling diagonal has one in each.
    expect(
      lossCurve(
        [
          { x: 0, y: 0 },
          { x: 3, y: -3 },
        ],
        { columns: 2, rows: 1 },
      ),
    ).toEqual(["0.00 ┤⠑⢄"]); // dots 1, 5 and then 3, 8: U+2811, U+2884
  });

  test("has a logarithmic scale where all losses are positive", () => {
    // 100, 10 and 1 are equally spaced; on a linear scale 10 would be near the bottom.
    const rows = lossCurve(
      [
        { x: 0, y: 100 },
        { x: 1, y: 10 },
        { x: 2, y: 1 },
      ],
      { columns: 8, rows: 4 },
    );
    const blank = /^[ \d.]+┤\u2800+/;
    expect(rows).toHaveLength(4);
    expect(rows.map((row) => blank.exec(row)?.[0].split("┤")[1]?.length ?? 0)).toEqual([
      0, 2, 4, 6,
    ]);
    expect(rows[0]).toMatch(/^ 100 ┤/);
    expect(rows[3]).toMatch(/^1\.00 ┤/);
  });

  test("of one value is a point, and of none is nothing", () => {
    expect(lossCurve([{ x: 5, y: 2 }], { columns: 1, rows: 1 })).toEqual(["2.00 ┤⠄"]);
    expect(lossCurve([], { columns: 9, rows: 9 })).toEqual([]);
  });
});

test("the time that is left goes by the pace of the last lines, compiling apart", () => {
  const line = (update: number, seconds: number, compileSeconds: number) => ({
    update,
    seconds,
    compileSeconds,
  });
  expect(secondsLeft([line(1, 60, 50)], 100)).toBeUndefined();
  // 20 updates in 30 seconds, 10 of them compiling: 1 second each, for the remaining 79 updates.
  expect(secondsLeft([line(1, 60, 50), line(21, 90, 60)], 100)).toBe(79);
  // An hour for the first lines no longer counts.
  const lines = Array.from({ length: 12 }, (_, i) => line(i + 1, 3600 + 2 * i, 0));
  expect(secondsLeft([line(0, 0, 0), ...lines], 22)).toBe(20);
});

const metrics = (update: number, loss: number) =>
  `${JSON.stringify({
    update,
    loss,
    batches: 4 * update,
    tokens: 500 * update,
    seconds: 2 * update,
    compileSeconds: 0,
    tokensPerSecond: 1250,
    processBytes: 2.14e9,
    peakBytes: 3.2e9,
    gradientNorm: 1.5,
    learningRate: 0.001,
    device: "cpu",
  })}\n`;

/** A run of 10 updates that has made two, locked by this process. */
async function begunRun(): Promise<Project & RunLock & { append(text: string): Promise<void> }> {
  const project = await emptyProject();
  const config = { model: { use: "gpt2" } };
  const { record } = comparedRun({ tasks: { poem: { 100: 0.5 } }, config });
  await project.write("run/run.json", record);
  await mkdir(dirname(project.path("run/metrics.jsonl")), { recursive: true });
  const append = (text: string) => appendFile(project.path("run/metrics.jsonl"), text);
  await append(metrics(1, 4));
  await append(metrics(2, 2));
  return { ...project, append, ...(await lockRun(project.path("run"))) };
}

describe("metalearn watch", () => {
  test("once shows where a run stands, with its curve", async () => {
    const project = await begunRun();
    await project.append('{"update":3,"lo'); // a line that is still being written
    const { code, stdout } = await project.metalearn(["watch", "run", "--once"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 6)).toEqual([
      "maml, seed 1   wasm 4.22.0 on cpu",
      "update 2/10   20 %   ETA 16 s   4 s so far",
      "loss 2.0000 (lowest 2.0000 at 2)   gradient norm 1.50   learning rate 0.00100",
      "1,250 tokens/s   memory 2.1 GB (peak 3.2 GB)",
      "",
      "query loss by meta-update, from the first line of metrics to the last",
    ]);
    expect(stdout).toMatch(/^4\.00 ┤.*\n(.*\n){8}2\.00 ┤/m);
  });

  test("follows a run until it is evaluated", async () => {
    const project = await begunRun();
    const { child, finished } = start(["watch", "run"], { cwd: project.folder });
    let seen = "";
    const saw = (text: string) => expect.poll(() => seen, { timeout: 30_000 }).toContain(text);
    child.stdout?.on("data", (text) => {
      seen += text;
    });
    await saw("update 2/10");
    await project.append(metrics(10, 1));
    await saw("update 10/10   100 %   trained");
    const { evaluation } = comparedRun({ tasks: { poem: { 100: 0.5, 13: 0.25 } } });
    await project.write("run/evaluation.json", evaluation);
    expect((await finished).code).toBe(0);
    expect(seen).toContain("evaluated: 37.5 % (worst 25.0 %)");
    expect(seen.match(/update 2\/10/g)).toHaveLength(1); // only new lines are printed
  });

  test("on a terminal draws the curve, and the next one over it", async () => {
    const project = await begunRun();
    const { child, finished } = startOnTerminal(["watch", "run"], { cwd: project.folder });
    let seen = "";
    child.stdout?.on("data", (text) => {
      seen += text;
    });
    const saw = (text: string) => expect.poll(() => seen, { timeout: 30_000 }).toContain(text);
    await saw("update 2/10");
    await project.append(metrics(10, 1));
    await saw("update 10/10");
    const { evaluation } = comparedRun({ tasks: { poem: { 100: 0.5 } } });
    await project.write("run/evaluation.json", evaluation);
    const { code, stdout } = await finished;
    expect(code).toBe(0);
    expect(stdout).toContain("\u001b[1mmaml, seed 1 "); // bold
    // Up 16 lines: title, three lines of numbers, a blank one, the curve's title and its 10 lines.
    const [first = "", ...later] = stdout.split("\u001b[16F\u001b[J");
    expect(first).toContain("update 2/10");
    expect(first.match(/┤/g)).toHaveLength(10);
    expect(later.at(-1)).toContain("evaluated: 50.0 %");
  });

  test("shows the last and the best score on dev tasks", async () => {
    const project = await begunRun();
    const judged = (update: number, devScore: number) =>
      project.append(metrics(update, 1).replace("}", `,"devScore":${devScore}}`));
    for (const [update, score] of [
      [3, 0.25],
      [4, 0.5],
      [5, 0.5],
      [6, 0.375],
    ] as const) {
      await judged(update, score);
    }
    const { stdout } = await project.metalearn(["watch", "run", "--once"]);
    expect(stdout.split("\n")[4]).toBe("dev tasks 37.5 % at 6 (best 50.0 % at 4)");
  });

  test("says of a stopped run that no process is working on it", async () => {
    const project = await begunRun();
    await project.release();
    const { stdout } = await project.metalearn(["watch", "run", "--once"]);
    expect(stdout.split("\n")[4]).toBe(
      "no process is working on this run: it was stopped, and the command that started it resumes it",
    );
  });

  test("ends with a run that is trained and not to be evaluated", async () => {
    const project = await projectWithTasks(tinyRun);
    const training = project.metalearn(["train"]);
    await expect
      .poll(() => project.read("runs/run-seed100/run.json"), { timeout: 30_000 })
      .toBeDefined();
    const { code, stdout } = await project.metalearn(["watch", "runs/run-seed100"]);
    expect((await training).code).toBe(0);
    expect(code).toBe(0);
    expect(stdout).toContain("update 8/8   100 %   trained");
    expect(stdout).toMatch(/trained but not evaluated: run metalearn evaluate\n$/);
  });

  test("refuses a folder without a run", async () => {
    const project = await emptyProject();
    const { code, stderr } = await project.metalearn(["watch", "runs"]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("[MISSING_FILE] There is no run in runs: no run.json.");
  });
});
