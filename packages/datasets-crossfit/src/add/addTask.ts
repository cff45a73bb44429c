import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { counted, MetaError, parseOptions, randomFor } from "@metalearn/core";
import { writeAtomically, writeTextAtomically } from "@metalearn/core/files";
import { z } from "zod";
import type { Example } from "../data/example.js";
import { type Split, taskFileName } from "../data/fileNames.js";
import { readSetting } from "../data/settings.js";
import { poolShots } from "../train/trainingData.js";
import { quoteRoles } from "./readDelimited.js";
import { readSource } from "./readSource.js";
import { tableFormats } from "./readTable.js";
import { toExamples } from "./toExamples.js";

/** Options of {@link addTask}, and of `metalearn data add`. */
export const addTaskOptions = z.strictObject({
  task: z.string().describe("the name of the new task"),
  root: z.string().default("data").describe("the data folder; created if it does not exist"),
  setting: z.string().default("own").describe("the list of tasks that it joins"),
  use: z
    .enum(["train", "target", "both"])
    .default("target")
    .describe("use in the setting: training task, target, or both in different settings"),
  unseenDomain: z.boolean().default(false).describe("no training task shares the target's domain"),
  /**
   * Columns of the input, joined by `[SEP]`; `a.b` is `b` within `a`. @default the first column with a usual
   * name
   */
  input: z
    .array(z.string())
    .readonly()
    .optional()
    .describe("a column of the input; repeat it for several"),
  /** @default the first column with a usual name */
  output: z.string().optional().describe("the column of the answer"),
  options: z.string().optional().describe("the column of options, where they differ between rows"),
  /** Names of the labels 0, 1, ..., where the answers are numbers. */
  labels: z
    .array(z.string())
    .readonly()
    .optional()
    .describe("the name of label 0, 1, ...; repeat it for every label"),
  /** @default classification where there are few different answers */
  type: z
    .enum(["classification", "multi-choice", "free-form"])
    .optional()
    .describe("the kind of answers; guessed when left out"),
  shots: z.int().min(0).default(16).describe("demonstrations of a target"),
  seeds: z
    .array(z.int().min(0))
    .readonly()
    .default([100, 13, 21, 42, 87])
    .describe("seeds of the demonstrations"),
  /** @default a fifth, at most 1000 */
  testRows: z
    .int()
    .min(0)
    .optional()
    .describe("rows to hold out for testing, where the data has no test split with answers"),
  /** @default by the ending of the file's name */
  format: z
    .enum(tableFormats)
    .optional()
    .describe("the kind of files, where their names' endings do not tell"),
  /** @default a comma for CSV, a tab for TSV */
  delimiter: z
    .string()
    .length(1)
    .optional()
    .describe("the character between columns of CSV and TSV"),
  /** @default `fields` for CSV, `text` for TSV */
  quotes: z
    .enum(quoteRoles)
    .optional()
    .describe("quotes stand around fields, or belong to the text; of CSV and TSV"),
});

/** A user's own data, and how to convert it. */
export interface AddTaskOptions extends z.input<typeof addTaskOptions> {
  /** A file (CSV, TSV, JSON, JSON lines, Parquet; also packed by gzip), or a folder with one for each split. */
  readonly source: string;
}

/** A task made from a user's data. */
export interface AddedTask {
  readonly folder: string;
  readonly type: "classification" | "multi-choice" | "free-form";
  readonly columns: { readonly input: readonly string[]; readonly output: string };
  /** Labels of classification. */
  readonly labels: readonly string[];
  readonly trainRows: number;
  readonly testRows: number;
  /** Sentences about what was read, where it may not be what was meant. */
  readonly remarks: readonly string[];
}

/** A task's name is the name of a folder. */
const safeName = /^[\w][\w:.+-]*$/;

/**
 * Converts a user's own data to a task in MetaICL's layout, and adds it to a setting. Demonstrations are
 * drawn as MetaICL draws them: each seed shuffles the training rows and takes the first ones, whatever their
 * labels.
 *
 * @throws MetaError `BAD_OPTION` for a bad option or name, a name that exists, or too few rows; errors of
 *   reading the data. Nothing is written then
 */
export async function addTask({ source: path, ...given }: AddTaskOptions): Promise<AddedTask> {
  const options = parseOptions(addTaskOptions, given);
  const { root, task, use, shots, seeds, setting } = options;
  for (const [what, name] of Object.entries({ task, setting })) {
    if (safeName.test(name)) continue;
    throw new MetaError(
      "BAD_OPTION",
      `A ${what}'s name may have letters, digits and any of _ - + . :, and begins with a letter or digit; got ${JSON.stringify(name)}.`,
    );
  }
  const folder = join(root, task);
  if (existsSync(folder)) {
    throw new MetaError("BAD_OPTION", `${folder} exists already. Choose another name with --task.`);
  }
  const source = await readSource(path, options);
  const { type, columns, labels, train, test, remarks } = toExamples(source, options);
  const isTarget = use !== "train";
  if (isTarget && train.length < shots) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected at least ${counted(shots, "row")} for the demonstrations (--shots), got ${train.length} in ${path}. Lower --shots.`,
    );
  }
  if (isTarget && test.length === 0) {
    throw new MetaError("BAD_OPTION", `${path} has no rows to test on.`);
  }
  const lists = await settingWith(options);
  await mkdir(root, { recursive: true });
  await writeAtomically(folder, async (temporary) => {
    await mkdir(temporary);
    const write = (split: Split, rows: readonly Example[], shots: number, seed: number) =>
      writeFile(join(temporary, taskFileName({ task, shots, seed, split })), linesOf(task, rows));
    if (use !== "target") {
      const pool = randomFor("training rows", task).shuffle(train).slice(0, poolShots);
      await write("train", pool, poolShots, 100);
    }
    if (!isTarget) return;
    for (const seed of seeds) {
      const shuffled = randomFor("shots", task, seed).shuffle(train);
      await write("train", shuffled.slice(0, shots), shots, seed);
      await write("dev", shuffled.slice(shots, 2 * shots), shots, seed);
      await write("test", test, shots, seed);
    }
  });
  const config = { task_type: type, options: type === "classification" ? labels : null };
  await writeJson(join(root, "config", "tasks", `${task}.json`), config);
  await writeJson(join(root, "config", `${setting}.json`), lists);
  const counts = { trainRows: train.length, testRows: test.length };
  return { folder, type, columns, labels, ...counts, remarks };
}

/** Task lists of a setting, with the task added to them. */
async function settingWith({
  root,
  setting,
  task,
  use,
  unseenDomain,
}: z.output<typeof addTaskOptions>) {
  const isThere = existsSync(join(root, "config", `${setting}.json`));
  const { train, test, unseenDomainTest } = isThere
    ? await readSetting(root, setting)
    : { train: [], test: [], unseenDomainTest: [] };
  const withTask = (names: readonly string[], isOne: boolean) =>
    isOne && !names.includes(task) ? [...names, task] : names;
  const isTarget = use !== "train";
  return {
    train: withTask(train, use !== "target"),
    test: withTask(test, isTarget),
    unseen_domain_test: withTask(unseenDomainTest, isTarget && unseenDomain),
  };
}

function linesOf(task: string, rows: readonly Example[]): string {
  const lines = rows.map(({ input, outputs, options }) => {
    const output = outputs.length === 1 ? outputs[0] : outputs;
    return JSON.stringify({ task, input, output, options });
  });
  return lines.map((line) => `${line}\n`).join("");
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeTextAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}
