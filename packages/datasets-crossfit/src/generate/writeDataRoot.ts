import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { type TaskFileName, taskFileName } from "../data/fileNames.js";
import type { TaskType } from "../data/settings.js";

/** A file of a task, without the task's name in every row. */
export interface GeneratedFile extends TaskFileName {
  readonly rows: readonly {
    readonly input: string;
    readonly output: string;
    readonly options: readonly string[];
  }[];
}

/** A folder in MetaICL's layout with one setting, before it is written. */
export interface DataRoot {
  /** Text of `README.md`: the origin of the data. */
  readonly readme: string;
  readonly setting: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly unseenDomainTest: readonly string[];
  /** Type of all tasks. */
  readonly taskType: Exclude<TaskType, "classification">;
  readonly files: readonly GeneratedFile[];
}

/**
 * Writes a data root.
 *
 * @throws MetaError `BAD_OPTION` when the folder holds anything other than an earlier one with the same
 *   `readme`
 */
export async function writeDataRoot(directory: string, root: DataRoot): Promise<void> {
  await claim(directory, root.readme);
  const tasks = [...root.train, ...root.test];
  const configs = join(directory, "config", "tasks");
  await mkdir(configs, { recursive: true });
  await writeFile(join(directory, "README.md"), root.readme);
  await writeJson(join(directory, "config", `${root.setting}.json`), {
    train: root.train,
    test: root.test,
    unseen_domain_test: root.unseenDomainTest,
  });
  for (const task of tasks) {
    await writeJson(join(configs, `${task}.json`), { task_type: root.taskType, options: null });
    await mkdir(join(directory, task), { recursive: true });
  }
  for (const { rows, ...name } of root.files) {
    const lines = rows.map((row) => `${JSON.stringify({ task: name.task, ...row })}\n`);
    await writeFile(join(directory, name.task, taskFileName(name)), lines.join(""));
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Checks that only generated files can be overwritten. */
async function claim(directory: string, readme: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  if ((await readdir(directory)).length === 0) return;
  const found = await readFile(join(directory, "README.md"), "utf8").catch(() => "");
  if (found === readme) return;
  throw new MetaError(
    "BAD_OPTION",
    `Expected an empty folder for generated tasks, got ${directory}, which holds other files. Name another folder.`,
  );
}
