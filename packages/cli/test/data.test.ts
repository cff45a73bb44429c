import { readFile } from "node:fs/promises";
import { LocalHub } from "@metalearn/test-support/localHub";
import { emptyProject, failureOf, type Project, tinyRun } from "@metalearn/test-support/project";
import { cellsOf } from "@metalearn/test-support/scores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

describe("data check", () => {
  let project: Project;
  // Generated targets share words with training tasks, and so some inputs, except for those of an unseen
  // domain.
  const check = ["data", "check", "tasks.targets=unseen"];
  beforeAll(async () => {
    project = await projectWithTasks();
  });

  test("shows every task, then what is found", async () => {
    const { code, stdout } = await project.metalearn(check);
    expect(code).toBe(0);
    const [head, ...rows] = cellsOf(stdout);
    expect(head).toEqual([
      "task",
      "use",
      "rows",
      "repeated",
      "labels",
      "tokens",
      "cut %",
      "cut shots %",
    ]);
    expect(rows).toHaveLength(7);
    expect(rows.at(-1)?.slice(0, 3)).toEqual(["unseen_1", "target", "6"]);
    expect(stdout).not.toContain("among the training rows");
    expect(stdout).toMatch(/\n\d+ warnings?, \d+ remarks?\n$/);
  });

  test("fails when it is strict and a test input was trained on", async () => {
    const asked = await readFile(project.path("data/unseen_1/unseen_1_4_13_test.jsonl"), "utf8");
    const [line = ""] = asked.split("\n");
    const pool = "data/train_1/train_1_16384_100_train.jsonl";
    const before = await project.read(pool);
    await project.write(pool, `${before}${line.replace("unseen_1", "train_1")}\n`);
    const { code, stdout, stderr } = await project.metalearn([...check, "--strict"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^\[BAD_DATA\] The data has \d+ warnings?\.\n$/);
    const message =
      "unseen_1: 1 of its 6 different test inputs is among the training rows of train_1";
    expect(stdout).toContain(`\nleak        ${message}\n`);

    const json = await project.metalearn([...check, "--json"]);
    expect(json.code).toBe(0);
    const { tasks, findings } = JSON.parse(json.stdout);
    expect(tasks).toHaveLength(7);
    expect(findings[0]).toMatchObject({ topic: "leak", tasks: ["unseen_1", "train_1"] });
    await project.write(pool, before);
  });

  test("has nothing to say of tasks without data", async () => {
    const config = {
      model: { use: "mlp", sizes: [1, 4, 1], loss: "mse" },
      tasks: { use: "sinusoid" },
    };
    const other = await emptyProject(config);
    expect(await failureOf(other, ["data", "check"])).toBe(
      "[BAD_OPTION] The tasks sinusoid have no data to check.\n",
    );
  });
});

describe("data add", () => {
  test("makes a task that can be evaluated on at once", async () => {
    const tasks = { use: "crossfit", root: "mine", setting: "own", shots: 2 };
    const { learner: _, ...untrained } = { ...tinyRun, tasks };
    const project = await emptyProject(untrained);
    const rows = Array.from({ length: 20 }, (_, i) => `text ${i},${i % 2 ? "yes" : "no"}`);
    await project.write("films.csv", ["text,label", ...rows].join("\n"));
    const args = [
      "data",
      "add",
      "films.csv",
      "--task",
      "films",
      "--root",
      "mine",
      "--seeds",
      "100,13",
    ];
    const added = await project.metalearn([...args, "--shots", "2"]);
    expect(added).toEqual({
      code: 0,
      stderr: "",
      stdout: `mine/films: 16 rows to train on or show, 4 to test on
input: text; output: label
classification: no, yes
Next: tasks: { use: crossfit, root: mine, setting: own }
`,
    });
    const compared = await project.metalearn(["compare"]);
    expect(compared.code).toBe(0);
    expect(compared.stdout).toContain("averaged over 1 task never trained on");
  });

  test.each([
    [
      ["--use", "both ways"],
      "error: option '--use <name>' argument 'both ways' is invalid. Allowed choices are train, target, both.",
    ],
    [
      ["--type", "text"],
      "argument 'text' is invalid. Allowed choices are classification, multi-choice, free-form.",
    ],
    [
      ["--shots", "few"],
      "error: option '--shots <number>' argument 'few' is invalid. Expected a whole number, such as 16.",
    ],
    [["--seeds", "a"], "argument 'a' is invalid. Expected whole numbers, such as 1,2,3."],
    [["--tsk", "films"], "error: unknown option '--tsk'\n(Did you mean --task?)\n"],
    [["--task", "../x"], "[BAD_OPTION] A task's name may have letters"],
  ])("explains %j", async (flags, message) => {
    const project = await emptyProject();
    const args = ["data", "add", "films.csv", "--task", "films", ...flags];
    expect(await failureOf(project, args)).toContain(message);
  });
});

describe("data of a plugin of one's own", () => {
  /** A plugin, written in the config's folder, with tasks and a command that adds data for them. */
  const plugin = (name: string) => `
    import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
    export default {
      name: "${name}",
      data: {
        ${name}: {
          add: {
            description: "make waves",
            argument: { name: "file", description: "what they are made of" },
            options: z.strictObject({
              height: z.number().min(0).describe("how high they are"),
              colours: z.array(z.string()).default(["blue"]).describe("a colour; repeatable"),
              atSea: z.boolean().default(true).describe("not at the shore"),
              times: z.array(z.int()).default([1, 2]),
              wind: z.union([z.int(), z.literal("none")]).optional(),
            }),
            flags: { colours: "colour" },
            run: async (file, options, { notify }) => {
              notify("making");
              return [file, JSON.stringify(options)];
            },
          },
        },
      },
    };`;
  const add = ["data", "add", "--for", "waves", "film.txt"];

  test("gets its options from flags, wherever it is named", async () => {
    const project = await emptyProject({ ...tinyRun, plugins: ["./waves.mjs"] });
    await project.write("waves.mjs", plugin("waves"));
    const flags = ["--height", "0.5", "--colour", "red", "--colour", "green", "--no-at-sea"];
    const own = await project.metalearn([...add, ...flags, "--times", "3,4", "--wind", "none"]);
    expect(own).toEqual({
      code: 0,
      stderr: "making\n",
      stdout:
        'film.txt\n{"height":0.5,"colours":["red","green"],"atSea":false,"times":[3,4],"wind":"none"}\n',
    });
    const other = await emptyProject();
    await other.write("waves.mjs", plugin("waves"));
    const named = await other.metalearn([...add, "--plugin", "./waves.mjs", "--height", "1"]);
    expect(named.stdout).toContain('{"height":1,"colours":["blue"],"atSea":true,"times":[1,2]}');
  });

  test("has to be chosen by name where several have any, and is not taken from node_modules", async () => {
    const project = await emptyProject();
    await project.write("waves.mjs", plugin("waves"));
    const folder = "node_modules/metalearn-tides";
    const manifest = { name: "metalearn-tides", type: "module", exports: "./index.js" };
    await project.write(`${folder}/package.json`, { ...manifest, keywords: ["metalearn-plugin"] });
    await project.write(`${folder}/index.js`, plugin("tides"));
    const several = ["--plugin", "./waves.mjs"];
    expect(await failureOf(project, ["data", "add", "a", "--height", "1", ...several])).toBe(
      "[BAD_OPTION] Several plugins can add data. Choose whose with --for: crossfit, waves.\n",
    );
    expect(await failureOf(project, [...add, "--height", "1"])).toContain(
      '[UNKNOWN_NAME] No tasks to add data for is called "waves". Known: crossfit.',
    );
    expect(await failureOf(project, ["data", "download", "a", "--for", "waves", ...several])).toBe(
      '[UNKNOWN_NAME] No tasks to download data for is called "waves". Known: crossfit.\n',
    );
    const low = [...add, ...several, "--height", "-1"];
    expect(await failureOf(project, low)).toMatch(/^\[BAD_OPTION\] height: /);
  });
});

describe("data download", () => {
  let hub: LocalHub;
  let endpoint: string;
  beforeAll(async () => {
    hub = new LocalHub("datasets");
    endpoint = await hub.start();
  });
  afterAll(() => hub.stop());

  test("gets a setting's files from the hub that the environment names", async () => {
    const row = '{"task":"t","input":"i","output":"o","options":["o","p"]}\n';
    hub.files["data/t/t_16_13_test.jsonl"] = Buffer.from(row);
    const project = await emptyProject();
    await project.write("data/config/s.json", {
      train: [],
      test: ["t", "u"],
      unseen_domain_test: [],
    });
    await project.write("data/config/tasks/t.json", { task_type: "multi-choice", options: null });
    await project.write("data/config/tasks/u.json", { task_type: "multi-choice", options: null });
    const env = { HF_ENDPOINT: endpoint, HF_HUB_CACHE: project.path("cache") };
    const args = ["data", "download", "s", "--repository", "you/tiny"];
    const { code, stdout, stderr } = await project.metalearn(args, env);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "1 files of s are in data.\nNot in the data set: u\n",
    });
    expect(stderr).toBe("Downloading you/tiny/data/t/t_16_13_test.jsonl: 0.0 MB\n");
    expect(await project.read("data/t/t_16_13_test.jsonl")).toBe(row);
  });
});
