import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildReport } from "../src/report/buildReport.js";
import { configDifferences } from "../src/report/configDifferences.js";
import { findRuns } from "../src/report/findRuns.js";
import { formats } from "../src/report/formats.js";
import { renderPage } from "../src/report/page.js";
import { comparedRun } from "./support/comparedRun.js";

const tasks = { poem: { 100: 0.5, 13: 0.25 }, unseen_rhyme: { 100: 1, 13: 1 } };
const setting = (name: string) => ({ tasks: { use: "crossfit", setting: name } });

describe("what is reported together", () => {
  test("is told apart by setting, and by method also where a sweep names the setting", async () => {
    const { settings } = await buildReport([
      comparedRun({ name: "maml,setting=hr_to_lr", tasks, config: setting("hr_to_lr") }),
      comparedRun({ name: "maml,setting=qa_to_qa", tasks, config: setting("qa_to_qa") }),
      comparedRun({ name: "reptile,innerSteps=2", tasks, config: setting("qa_to_qa") }),
      comparedRun({ name: "setting=qa_to_qa", tasks, config: setting("qa_to_qa") }),
    ]);
    const found = settings.map(({ name, rows }) => [name, rows.map((row) => row.name)]);
    expect(found).toEqual([
      ["hr_to_lr", ["maml"]],
      ["qa_to_qa", ["maml", "reptile,innerSteps=2", "setting=qa_to_qa"]],
    ]);
  });

  test("is warned of where the data leaks, or runs are not alike", async () => {
    const data = {
      "poem/poem_16_100_test.jsonl": "a1",
      "verse/verse_16384_100_train.jsonl": "a1",
      "verse/verse_16_100_train.jsonl": "b2",
      "prose/prose_16_100_train.jsonl": "b2",
    };
    const { warnings } = await buildReport(
      [
        comparedRun({ tasks, record: { data, trainingTasks: ["verse", "prose", "poem"] } }),
        comparedRun({ seed: 2, tasks: { poem: { 100: 1 } }, record: { data: {} } }),
      ],
      {},
      ["Not finished, and left out: runs/killed."],
    );
    expect(warnings).toEqual([
      "Not finished, and left out: runs/killed.",
      "hr_to_lr: Trained on and evaluated on poem: its scores are not those of a task that is new to the model.",
      // verse and prose are not targets: sharing a file does no harm.
      "hr_to_lr: Leak: poem/poem_16_100_test.jsonl, verse/verse_16384_100_train.jsonl are the same file.",
      "hr_to_lr: Runs were made with different data files.",
      "hr_to_lr: Runs were made with different target tasks.",
      "hr_to_lr: Runs were made with different sets of demonstrations or episodes.",
    ]);
  });

  test("is not warned of held-out episodes, nor of another machine where only the share of it differs", async () => {
    const machine = {
      system: "Linux 6, x64",
      processor: "A",
      threads: 8,
      memoryBytes: 16 * 2 ** 30,
    };
    const sine = (more: Partial<typeof machine>) => {
      const record = { trainingTasks: ["sine"], machine: { ...machine, ...more } };
      const run = comparedRun({ tasks: { sine: { 100: 0.5 } }, record });
      const tasks = run.evaluation.tasks.map((task) => ({ ...task, episodic: true }));
      return { ...run, evaluation: { ...run.evaluation, tasks } };
    };
    const warnings = async (more: Partial<typeof machine>) =>
      (await buildReport([sine({}), sine(more)])).warnings;
    expect(await warnings({})).toEqual([]);
    expect(await warnings({ threads: 4 })).toEqual([
      "hr_to_lr: Runs were made with different numbers of threads, so that times do not compare.",
    ]);
    expect(await warnings({ processor: "B" })).toEqual([
      "hr_to_lr: Runs were made with different machines, so that times do not compare.",
    ]);
  });

  test("has the keys in which configs differ, and no others", () => {
    expect(
      configDifferences([
        { seed: 1, train: { steps: 4, logEvery: 2 }, learner: { use: "maml", order: 2 } },
        { seed: 2, train: { steps: 4, logEvery: 2 }, learner: { use: "reptile" } },
      ]),
    ).toEqual([
      { key: "learner.use", values: ['"maml"', '"reptile"'] },
      { key: "learner.order", values: ["2", undefined] },
    ]);
  });
});

describe("a report of two methods", () => {
  const report = buildReport(
    [
      comparedRun({ name: "a_1", tasks }),
      comparedRun({ name: "b|2, 50 %", tasks: { ...tasks, poem: { 100: 1, 13: 0.5 } } }),
    ],
    { title: "Poems & prose", note: "A *note*." },
  );

  test("as Markdown has the tables, with the best in bold", async () => {
    const lines = formats.md(await report).split("\n");
    expect(lines.slice(0, 3)).toEqual(["# Poems & prose", "", "A \\*note\\*."]);
    // a_1: (0.375 + 1) / 2 and (0.25 + 1) / 2; b: (0.75 + 1) / 2 and (0.5 + 1) / 2.
    expect(lines).toContain("| a\\_1 | 68.8 | 62.5 | **100.0** | **100.0** |  | 1 |");
    expect(lines).toContain("| b\\|2, 50 % | **87.5** | **75.0** | **100.0** | **100.0** |  | 1 |");
    expect(lines.find((line) => line.startsWith("| b\\|2, 50 % − a"))).toMatch(
      /\| all \| \+18\.8 \| \+0\.0 to \+37\.5 \| 1\.000 \| 1\.000 \| 2 × 1 \|$/,
    );
    expect(lines.filter((line) => line.startsWith("## "))).toEqual([
      "## Result",
      "## Differences between methods",
      "## Task by task",
      "## Cost",
      "## Data",
      "## Environment",
    ]);
  });

  test("as LaTeX has the same, and nothing in it is a command", async () => {
    const lines = formats.latex(await report).split("\n");
    expect(lines).toContain(
      "    b|2, 50 \\% & \\textbf{87.5} & \\textbf{75.0} & \\textbf{100.0} & \\textbf{100.0} &  & 1 \\\\",
    );
    expect(lines.some((line) => line.startsWith("    a\\_1 & 68.8"))).toBe(true);
    const text = lines.join("\n");
    expect(text.match(/\\begin\{tabular\}/g)).toHaveLength(6);
    expect(text.replaceAll(/\\[%$#_&{}]/g, "")).not.toMatch(/[#_]/);
  });

  test("as CSV has every score once", async () => {
    expect(formats.csv(await report).split("\r\n")).toEqual([
      "setting,method,training_seed,task,metric,unseen_domain,seed,score,chance",
      "hr_to_lr,a_1,1,poem,accuracy,false,13,0.25,0.5",
      "hr_to_lr,a_1,1,poem,accuracy,false,100,0.5,0.5",
      "hr_to_lr,a_1,1,unseen_rhyme,accuracy,true,13,1,0.5",
      "hr_to_lr,a_1,1,unseen_rhyme,accuracy,true,100,1,0.5",
      'hr_to_lr,"b|2, 50 %",1,poem,accuracy,false,13,0.5,0.5',
      'hr_to_lr,"b|2, 50 %",1,poem,accuracy,false,100,1,0.5',
      'hr_to_lr,"b|2, 50 %",1,unseen_rhyme,accuracy,true,13,1,0.5',
      'hr_to_lr,"b|2, 50 %",1,unseen_rhyme,accuracy,true,100,1,0.5',
      "",
    ]);
  });

  test.each(["html", "md", "latex", "csv", "json"] as const)(
    "as %s has no control characters of the names of tasks",
    async (format) => {
      const hostile = { "\u001b[2Jpoem\u0007\u202e": { 100: 0.5 }, "a\u009b31m": { 100: 1 } };
      const names = ["a\u001b]0;x\u0007", "b"];
      const text = formats[format](
        await buildReport(names.map((name) => comparedRun({ name, tasks: hostile }))),
      );
      expect(text).toContain("[2Jpoem");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/g;
      expect(text.replaceAll("\r\n", "\n").match(controls)).toBeNull();
    },
  );

  test("as JSON has everything", async () => {
    expect(JSON.parse(formats.json(await report))).toEqual(await report);
  });
});

test("a report has what learners log: curves, and the values at the end, averaged over seeds", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metalearn-cli-"));
  const line = { batches: 4, tokens: 0, seconds: 1, loss: 1 };
  const logged = async (seed: number, last: number | null) => {
    const directory = join(folder, String(seed));
    await mkdir(directory);
    const lines = [
      { ...line, update: 1, "learner/inner loss": 8 },
      { ...line, update: 2, "learner/inner loss": last },
    ];
    const text = lines.map((record) => `${JSON.stringify(record)}\n`).join("");
    await writeFile(join(directory, "metrics.jsonl"), text);
    return comparedRun({ seed, tasks, directory });
  };
  // The last value of the second seed was not finite: its last finite one is 8.
  const report = await buildReport([
    await logged(1, 2),
    await logged(2, null),
    comparedRun({ name: "silent", tasks }),
  ]);
  const lines = formats.md(report).split("\n");
  expect(lines).toContain("## What the learners log");
  expect(lines).toContain("| method | inner loss |");
  expect(lines).toContain("| maml | 5.000 |");
  expect(lines).toContain("| silent |  |");
  const page = renderPage(report);
  expect(page).toContain('aria-label="inner loss against steps"');
  expect(page).toContain("maml, seed 1, ends at 2.00; maml, seed 2, ends at 8.00.");
  await rm(folder, { recursive: true });
});

describe("runs in folders", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "metalearn-cli-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function writeRun(path: string, created: string, isFinished = true): Promise<void> {
    const config = { model: { use: "gpt2" } };
    const { record, evaluation } = comparedRun({ name: path, tasks, config, record: { created } });
    await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, path, "run.json"), JSON.stringify(record));
    if (!isFinished) return;
    await writeFile(join(folder, path, "evaluation.json"), JSON.stringify(evaluation));
    const line = {
      update: 1,
      batches: 4,
      tokens: 100,
      seconds: 2,
      loss: 3,
      devScore: 0.5,
      peakBytes: 1,
    };
    await writeFile(join(folder, path, "metrics.jsonl"), `${JSON.stringify(line)}\n{"upd`);
  }

  test("are found at any depth, in the order in which they were begun", async () => {
    await writeRun("sweep/a-seed1", "2026-01-02T00:00:00Z");
    await writeRun("sweep/b-seed1", "2026-01-01T00:00:00Z");
    await writeRun("c-seed1", "2026-01-03T00:00:00Z", false);
    const { finished, unfinished } = await findRuns(folder);
    expect(finished.map(({ name, batches }) => [name, batches])).toEqual([
      ["sweep/b-seed1", 4],
      ["sweep/a-seed1", 4],
    ]);
    expect(unfinished).toEqual([join(folder, "c-seed1")]);
    const { settings } = await buildReport(finished);
    expect(settings[0]?.runs[0]?.curve).toEqual([
      { batches: 4, tokens: 100, seconds: 2, loss: 3, devScore: 0.5, metrics: {} },
    ]);
  });

  test("may be one", async () => {
    await writeRun("a-seed1", "2026-01-02T00:00:00Z");
    expect((await findRuns(join(folder, "a-seed1"))).finished).toHaveLength(1);
  });

  test("that are symbolic links are found, and once", async () => {
    await writeRun("elsewhere/a-seed1", "2026-01-02T00:00:00Z");
    await mkdir(join(folder, "runs"));
    await symlink(join(folder, "elsewhere/a-seed1"), join(folder, "runs/linked"));
    await symlink(join(folder, "runs/linked"), join(folder, "runs/again"));
    await symlink(join(folder, "runs"), join(folder, "runs/circle"));
    expect((await findRuns(join(folder, "runs"))).finished).toHaveLength(1);
    expect((await findRuns(folder)).finished).toHaveLength(1);
  });

  test("that are damaged are told, and do not take the others with them", async () => {
    const created = "2026-01-02T00:00:00Z";
    for (const name of ["a", "b", "c", "d"]) await writeRun(`${name}-seed1`, created);
    const file = (name: string) => join(folder, name);
    await writeFile(file("b-seed1/evaluation.json"), "{");
    await writeFile(file("c-seed1/run.json"), "[]");
    await writeFile(file("d-seed1/metrics.jsonl"), "\0\0\0\n", { flag: "a" });
    const { finished, unfinished, damaged } = await findRuns(folder);
    expect([finished.map(({ name }) => name), unfinished]).toEqual([["a-seed1", "d-seed1"], []]);
    expect(damaged).toEqual([
      {
        directory: file("b-seed1"),
        problem: expect.stringContaining(`${file("b-seed1/evaluation.json")}: expected JSON`),
      },
      {
        directory: file("c-seed1"),
        problem: expect.stringContaining(`${file("c-seed1/run.json")} is damaged`),
      },
    ]);
    const { warnings } = await buildReport(finished);
    expect(warnings).toEqual([expect.stringContaining("d-seed1/metrics.jsonl: 1 of 2 lines are")]);
  });

  test("that are none are an error that says which are not finished", async () => {
    await writeRun("a-seed1", "2026-01-02T00:00:00Z", false);
    await expect(findRuns(folder)).rejects.toThrow(
      `[MISSING_FILE] There is no finished run in ${folder}: no folder with run.json and evaluation.json. Not finished: ${join(folder, "a-seed1")}.`,
    );
  });
});
