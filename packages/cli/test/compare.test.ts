import { readdir, stat } from "node:fs/promises";
import type { Finished } from "@metalearn/test-support/command";
import { type Project, tinyRun } from "@metalearn/test-support/project";
import {
  cellsOf,
  meanAndWorst,
  meanScore,
  percent,
  type StoredEvaluation,
} from "@metalearn/test-support/scores";
import type { Window } from "happy-dom";
import { beforeAll, describe, expect, test } from "vitest";
import { parseReport } from "./support/parseReport.js";
import { projectWithTasks } from "./support/projectWithTasks.js";

const { learner, ...shared } = tinyRun;
const config = {
  ...shared,
  compare: {
    title: "Tiny & small",
    note: "A note on <where> the data comes from.",
    runs: { untrained: {}, metaicl: { learner } },
  },
};
const seeds = [1, 2];
const names = ["untrained", "metaicl"] as const;

let project: Project;
let first: Finished;
let evaluations: Record<(typeof names)[number], StoredEvaluation[]>;
beforeAll(async () => {
  project = await projectWithTasks(config);
  first = await project.metalearn(["compare", "--seeds", seeds.join(",")]);
  const of = (name: string) =>
    Promise.all(
      seeds.map((seed) =>
        project.json<StoredEvaluation>(`runs/${name}-seed${seed}/evaluation.json`),
      ),
    );
  evaluations = { untrained: await of("untrained"), metaicl: await of("metaicl") };
});

/** Expected row of a method, computed from the raw scores of its runs. */
function expected(name: (typeof names)[number]) {
  const own = evaluations[name];
  const tasks = own.flatMap((evaluation) => evaluation.tasks);
  const [a = 0, b = 0] = own.map(meanScore);
  return {
    all: meanAndWorst(tasks),
    unseen: meanAndWorst(tasks.filter(({ unseenDomain }) => unseenDomain)),
    // The sample standard deviation of two values is their difference divided by the square root of 2.
    deviation: percent((Math.abs(a - b) / 2) * Math.SQRT2),
  };
}

/** Times at which parameters and scores were last written, by file. */
async function written(): Promise<Record<string, number>> {
  const files = await readdir(project.path("runs"), { recursive: true });
  const results = files.filter((file) => /(evaluation\.json|\.safetensors)$/.test(file));
  const times = results.map(
    async (file) => [file, (await stat(project.path("runs", file))).mtimeMs] as const,
  );
  return Object.fromEntries(await Promise.all(times));
}

describe("compare", () => {
  test("prints a table of what the runs' evaluations say", () => {
    const { code, stdout } = first;
    expect(code).toBe(0);
    const [head, ...rows] = cellsOf(stdout);
    expect(head).toEqual(["", "all tasks", "unseen domains", "± seeds", "batches", "training"]);
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ...names.map((name) => {
        const { all, unseen, deviation } = expected(name);
        return [name, all, unseen, deviation, name === "untrained" ? "none" : "8"];
      }),
      ["random answers", expect.stringMatching(/^\d\d\.\d$/), expect.any(String), "", ""],
    ]);
    expect(stdout).toContain("Report: runs/report.html  (file:///");
  });

  test("says on stderr which run it is at", () => {
    const lines = first.stderr.split("\n");
    expect(lines.filter((line) => line.startsWith("["))).toEqual([
      "[1/4] untrained, seed 1",
      "[2/4] untrained, seed 2",
      "[3/4] metaicl, seed 1",
      "[4/4] metaicl, seed 2",
    ]);
    expect(lines.filter((line) => line.startsWith("  train 8/8"))).toHaveLength(2);
  });

  test("does not repeat finished runs", async () => {
    const before = await written();
    // Four evaluations; parameters and optimizer of two trainings.
    expect(Object.keys(before)).toHaveLength(8);
    const again = await project.metalearn(["compare", "--seeds", "1,2"]);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 0, stdout: first.stdout });
    expect(again.stderr).toContain(
      "metaicl (seed 2) is already trained: checkpoint of update 8 of 8.",
    );
    expect(again.stderr).not.toMatch(/train 8\/8|evaluate/);
    expect(await written()).toEqual(before);
  });
});

describe("metalearn report", () => {
  test("writes the same report again, and every score as CSV", async () => {
    const withoutTime = (text = "") => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, "");
    const before = await project.read("runs/report.html");
    const { code, stdout } = await project.metalearn(["report", "runs"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Report: runs/report.html  (file:///");
    expect(withoutTime(await project.read("runs/report.html"))).toBe(withoutTime(before));

    const csv = await project.metalearn(["report", "runs", "--format", "csv"]);
    const scores = csv.stdout
      .split("\r\n")
      .slice(1, -1)
      .map((line) => Number(line.split(",").at(-2)));
    const all = names.flatMap((name) => evaluations[name]).flatMap(({ tasks }) => tasks);
    const expectedScores = all.flatMap(({ seeds }) => seeds.map(({ score }) => score));
    expect(scores.toSorted()).toEqual(expectedScores.toSorted());
  });

  test("refuses a format that it does not know, and a folder without runs", async () => {
    const unknown = await project.metalearn(["report", "runs", "--format", "htm"]);
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toMatch(
      /^error: option '-f, --format <name>' argument 'htm' is invalid\. Allowed choices are html,/,
    );
    const empty = await project.metalearn(["report", "data"]);
    expect(empty.code).not.toBe(0);
    expect(empty.stderr).toContain("[MISSING_FILE] There is no finished run in data");
  });
});

describe("the report", () => {
  let page: string;
  let document: Window["document"];
  beforeAll(async () => {
    page = (await project.read("runs/report.html")) ?? "";
    document = parseReport(page);
  });

  const cells = (table: string) =>
    [...document.querySelectorAll(`${table} tbody tr`)].map((row) =>
      [...row.querySelectorAll("th, td")].map((cell) => cell.textContent),
    );

  test("loads nothing and runs nothing", () => {
    expect(document.querySelectorAll("script, link, iframe, object, embed, base").length).toBe(0);
    for (const { attributes } of document.querySelectorAll("*")) {
      for (const { name, value } of attributes) {
        expect(name).not.toMatch(/^on|^(src|srcset|data|poster|action|background)$/);
        if (name.endsWith("href")) expect(value).toMatch(/^#/);
      }
    }
    expect(page).not.toMatch(/url\((?!#)|@import/); // in styles
  });

  test("has the config's title and note", () => {
    expect(document.title).toBe("Tiny & small");
    expect(document.querySelector("h1")?.textContent).toBe("Tiny & small");
    expect(document.querySelector("header p")?.textContent).toBe(
      "A note on <where> the data comes from.",
    );
  });

  test("has the numbers of the runs' evaluations", () => {
    const rows = names.map((name) => {
      const { all, unseen, deviation } = expected(name);
      return [name, ...all.split(" / "), ...unseen.split(" / "), deviation, "2"];
    });
    expect(cells("h2 + .scroll table").slice(0, 2)).toEqual(rows);
  });

  test("has every score, task by task", () => {
    const tasks = evaluations.metaicl[0]?.tasks ?? [];
    const rows = tasks.map(({ task, unseenDomain }) => [
      unseenDomain ? `${task} *` : task,
      "accuracy",
      ...names.map((name) =>
        meanAndWorst(
          evaluations[name].flatMap((own) => own.tasks.filter((score) => score.task === task)),
        ),
      ),
    ]);
    const shown = cells("figure + details table").map((row) => row.slice(0, 4));
    expect(shown.slice(0, tasks.length)).toEqual(rows);
    for (const width of ["wide", "narrow"]) {
      const bars = document.querySelectorAll(`.${width} svg [aria-label="bar"] rect`);
      expect(bars.length).toBe(tasks.length * names.length);
    }
  });

  test("has one line of losses per trained run against steps, tokens and wall time", () => {
    const charts = [...document.querySelectorAll(".curves svg[role=img]")];
    expect(charts.map((chart) => chart.getAttribute("aria-label"))).toEqual([
      "Query loss against steps",
      "Query loss against tokens",
      "Query loss against wall time",
    ]);
    for (const chart of charts) {
      const lines = [...chart.querySelectorAll('[aria-label="line"] path title')];
      expect(lines.map(({ textContent }) => textContent)).toEqual([
        "metaicl, seed 1",
        "metaicl, seed 2",
      ]);
    }
  });

  test("warns of nothing where there is nothing to warn of", () => {
    expect(document.querySelector(".warning")).toBeNull();
  });

  test("has the config of each method", async () => {
    const shown = [...document.querySelectorAll("details pre")].map((pre) =>
      JSON.parse(pre.textContent ?? ""),
    );
    const records = names.map((name) =>
      project.json<{ config: unknown }>(`runs/${name}-seed1/run.json`),
    );
    expect(shown).toEqual((await Promise.all(records)).map(({ config }) => config));
  });
});
