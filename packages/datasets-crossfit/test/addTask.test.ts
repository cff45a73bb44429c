import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type AddTaskOptions, addTask } from "../src/add/addTask.js";
import { crossfit } from "../src/index.js";
import { temporaryFolder, writeFiles } from "./support/files.js";
import { filmsParquet } from "./support/filmsParquet.js";
import { letterTokenizer } from "./support/letters.js";

const usual = { task: "films", use: "both", setting: "own", shots: 2, seeds: [13, 21] } as const;

/** Adds the file `name`, or the folder `.`, of some files to a new data root. */
async function add(
  files: Readonly<Record<string, unknown>>,
  name: string,
  options: Partial<AddTaskOptions> = {},
) {
  const root = options.root ?? join(temporaryFolder(), "data");
  const added = await addTask({
    ...usual,
    root,
    source: join(writeFiles(files), name),
    ...options,
  });
  const lines = async (...path: string[]) => {
    const text = await readFile(join(root, ...path), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { root, added, lines };
}

const csv = `text,label
"good, ""really"" good
film",pos
bad film,neg
fine,pos
dull,neg
great,pos
`;

describe("a task of one's own data", () => {
  test("can be read, shown and asked, whatever its commas, quotes and lines", async () => {
    const { root, added, lines } = await add({ "films.csv": `\uFEFF${csv}` }, "films.csv");
    expect(added).toMatchObject({
      type: "classification",
      columns: { input: ["text"], output: "label" },
      labels: ["neg", "pos"],
      trainRows: 4,
      testRows: 1,
    });
    const pool = await lines("films", "films_16384_100_train.jsonl");
    const test = await lines("films", "films_2_13_test.jsonl");
    expect([...pool, ...test].map(({ input, output }) => [input, output]).sort()).toEqual([
      ["bad film", "neg"],
      ["dull", "neg"],
      ["fine", "pos"],
      ['good, "really" good\nfilm', "pos"],
      ["great", "pos"],
    ]);
    expect(test[0]).toMatchObject({ task: "films", options: ["neg", "pos"] });
    // Every seed shows other rows of those that are not tested; the next ones are for development.
    const shown = await lines("films", "films_2_13_train.jsonl");
    const dev = await lines("films", "films_2_13_dev.jsonl");
    expect(new Set([...shown, ...dev].map(({ input }) => input))).toEqual(
      new Set(pool.map(({ input }) => input)),
    );
    expect(await lines("films", "films_2_21_test.jsonl")).toEqual(test);

    const tasks = await crossfit({ root, setting: "own", shots: 2, tokenizer: letterTokenizer });
    expect(tasks.trainingTasks).toEqual(["films"]);
    expect(await tasks.targets[0]?.questions(21)).toHaveLength(1);
  });

  test("joins a setting, and another task joins it later", async () => {
    const { root } = await add({ "a.csv": csv }, "a.csv", { use: "train" });
    const more = { root, task: "more", use: "target", unseenDomain: true } as const;
    const table = { format: "csv", delimiter: ";", input: ["text"] } as const;
    await add({ "b.txt": csv.replaceAll(",", ";") }, "b.txt", { ...more, ...table });
    const setting = JSON.parse(await readFile(join(root, "config/own.json"), "utf8"));
    expect(setting).toEqual({ train: ["films"], test: ["more"], unseen_domain_test: ["more"] });
    expect(existsSync(join(root, "more/more_16384_100_train.jsonl"))).toBe(false);
    expect(existsSync(join(root, "films/films_2_13_train.jsonl"))).toBe(false);
  });

  test("has several inputs, options of each row, and answers by letter or number", async () => {
    const row = (question: string, answerKey: string) => ({
      ...{ story: "A tale", question, answerKey },
      choices: { text: ["red", "blue"], label: ["A", "B"] },
    });
    const rows = [
      row("one", "A"),
      row("two", "B"),
      row("three", "B"),
      row("four", "A"),
      row("five", "B"),
    ];
    const { added, lines } = await add({ "quiz.jsonl": rows }, "quiz.jsonl", {
      ...{ input: ["story", "question"], output: "answerKey", options: "choices.text" },
    });
    expect(added).toMatchObject({ type: "multi-choice", labels: [] });
    const pool = await lines("films", "films_16384_100_train.jsonl");
    const test = await lines("films", "films_2_13_test.jsonl");
    const two = [...pool, ...test].find(({ input }) => input === "A tale [SEP] two");
    expect(two).toEqual({
      ...{ task: "films", input: "A tale [SEP] two" },
      ...{ output: "blue", options: ["red", "blue"] },
    });
    const numbered = [0, 1, 1, 0, 1].map((answer, i) => ({
      ...{ question: `${i}`, answer, options: ["red", "blue"] },
    }));
    const found = await add({ "quiz.json": { data: numbered } }, "quiz.json", {
      options: "options",
    });
    const all = await found.lines("films", "films_16384_100_train.jsonl");
    for (const { input, output } of all) {
      expect(output).toBe(["red", "blue"][Number(numbered[Number(input)]?.answer)]);
    }
  });

  test("keeps several acceptable free-form answers", async () => {
    const rows = ["a", "b", "c", "d", "e"].map((question) => ({
      ...{ question, answers: { text: [`${question}1`, `${question}2`, `${question}1`] } },
    }));
    const { added, lines } = await add({ "qa.jsonl": rows }, "qa.jsonl", {
      output: "answers.text",
    });
    expect(added.type).toBe("free-form");
    const [first] = await lines("films", "films_16384_100_train.jsonl");
    expect(first).toMatchObject({ output: [`${first?.input}1`, `${first?.input}2`], options: [] });
  });

  test("can be a folder of Parquet files as the hub has them, with named labels and splits", async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, "data"));
    for (const split of ["train", "validation"]) {
      await writeFile(join(folder, "data", `${split}-00000-of-00001.parquet`), filmsParquet);
    }
    const { added, lines } = await add({}, "", { source: folder });
    expect(added).toMatchObject({ labels: ["neg", "pos"], trainRows: 3, testRows: 3 });
    const asked = await lines("films", "films_2_13_test.jsonl");
    expect(asked.map(({ input, output }) => [input, output])).toEqual([
      ["good film", "pos"],
      ["bad film", "neg"],
      ["fine", "pos"],
    ]);
  });

  test("takes names of labels from dataset_info.json or the user", async () => {
    const rows = [0, 1, 0, 1, 1].map((label, i) => ({ text: `${i}`, label }));
    const features = { label: { names: ["neg", "pos"], _type: "ClassLabel" } };
    const files = { "train.jsonl": rows, "dataset_info.json": { features } };
    expect((await add(files, "")).added.labels).toEqual(["neg", "pos"]);
    const labels = ["bad", "good"];
    expect((await add(files, "train.jsonl", { labels })).added.labels).toEqual(labels);
    expect((await add(files, "train.jsonl")).added.labels).toEqual(["0", "1"]);
  });
});

describe("data that cannot be a task", () => {
  const jsonl = [{ text: "a", label: "x" }];
  test.each<[string, Record<string, unknown>, string, Partial<AddTaskOptions>, string]>([
    ["no file", {}, "none.csv", {}, "[MISSING_FILE] There is no file or folder "],
    ["another kind", { "a.xlsx": "x" }, "a.xlsx", {}, "Expected a file of type .csv, .tsv, .tab,"],
    ["an open quote", { "a.csv": 'text,label\n"a,x\n' }, "a.csv", {}, "a.csv:2: Quote Not Closed"],
    ["a short row", { "a.csv": "text,label\na\n" }, "a.csv", {}, "a.csv:2: Invalid Record Length"],
    ["no JSON", { "a.jsonl": '{"text": 1}\n{"text"' }, "a.jsonl", {}, "a.jsonl:2: not JSON: "],
    [
      "no rows",
      { "a.json": { rowz: [] } },
      "a.json",
      {},
      'expected a list of rows, or an object with one in "data" or "rows"',
    ],
    [
      "no object",
      { "a.json": "[3]" },
      "a.json",
      {},
      "a.json, row 1: expected an object with columns.",
    ],
    [
      "no Parquet",
      { "a.parquet": "PAR1 it is not" },
      "a.parquet",
      {},
      "a.parquet cannot be read as Parquet: ",
    ],
    ["no split", { "a.csv": csv }, "", {}, 'whose name begins with "train"'],
    [
      "unknown column",
      { "a.jsonl": jsonl },
      "a.jsonl",
      { output: "lable", testRows: 0 },
      'No column is called "lable". Did you mean "label"?',
    ],
    [
      "unusual columns",
      { "a.jsonl": [{ x: "a" }] },
      "a.jsonl",
      { testRows: 0 },
      "No column is called input, text, sentence, question, content. Say with --input which one is the input: x.",
    ],
    [
      "empty answer",
      { "a.jsonl": [{ text: "a", label: " " }] },
      "a.jsonl",
      { testRows: 0 },
      "a.jsonl, row 1: the column label is empty.",
    ],
    [
      "nested input",
      { "a.jsonl": [{ text: ["a"], label: "x" }] },
      "a.jsonl",
      { testRows: 0 },
      'a.jsonl, row 1: the column text: expected text, got ["a"].',
    ],
    [
      "stranger",
      { "a.jsonl": jsonl },
      "a.jsonl",
      { labels: ["y", "z"], testRows: 0 },
      'expected one of the labels y, z as the answer, got "x"',
    ],
    [
      "too few rows",
      { "a.csv": csv },
      "a.csv",
      { shots: 5 },
      "Expected at least 5 rows for the demonstrations (--shots), got 4",
    ],
    [
      "all put aside",
      { "a.csv": csv },
      "a.csv",
      { testRows: 5 },
      "Expected more than 5 rows, to hold out 5 for testing, got 5",
    ],
    ["nothing to test on", { "a.csv": csv }, "a.csv", { testRows: 0 }, "has no rows to test on."],
    [
      "a way out",
      { "a.csv": csv },
      "a.csv",
      { task: "../films" },
      `A task's name may have letters, digits and any of _ - + . :`,
    ],
    [
      "a way out by the setting",
      { "a.csv": csv },
      "a.csv",
      { setting: "../own" },
      "A setting's name may have letters",
    ],
    ["Latin-1", { "a.csv": csv }, "b.csv", {}, "b.csv is not UTF-8 text."],
  ])("is explained, and nothing is written: %s", async (_, files, name, options, message) => {
    const folder = writeFiles(files);
    await writeFile(join(folder, "b.csv"), Buffer.from("text,label\ncaf\xe9,x\n", "latin1"));
    const root = join(temporaryFolder(), "data");
    const adding = addTask({ ...usual, root, source: join(folder, name), ...options });
    await expect(adding).rejects.toThrow(message);
    expect(existsSync(root)).toBe(false);
  });

  test("does not take the place of a task that is there", async () => {
    const { root } = await add({ "a.csv": csv }, "a.csv");
    const before = await readdir(join(root, "films"));
    await expect(add({ "a.csv": csv }, "a.csv", { root })).rejects.toThrow(
      "films exists already. Choose another name with --task.",
    );
    expect(await readdir(join(root, "films"))).toEqual(before);
  });
});
