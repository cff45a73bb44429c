import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { MetaError, messageOf, unknownName } from "@metalearn/core";
import { z } from "zod";
import { shortList } from "./shortList.js";

/** A task's name is the name of its folder, and may not point outside of the data root. */
const taskName = z
  .string()
  .regex(/^[^./\\\0][^/\\\0]*$/, "expected the name of a folder, without / or \\");

const names = z
  .array(taskName)
  .refine((list) => new Set(list).size === list.length, "names a task twice");

const settingSchema = z.object({
  train: names,
  test: names,
  unseen_domain_test: names,
});

const taskConfigSchema = z.discriminatedUnion("task_type", [
  z.object({ task_type: z.literal("classification"), options: z.array(z.string()) }),
  z.object({ task_type: z.literal(["multi-choice", "free-form"]), options: z.null() }),
]);

/** Kind of answers of a task, which decides the metric. */
export type TaskType = z.output<typeof taskConfigSchema>["task_type"];

/** Division of tasks into training tasks and targets. */
export interface Setting {
  readonly name: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Targets whose domain no training task shares. */
  readonly unseenDomainTest: readonly string[];
}

/**
 * Reads `config/{setting}.json` of a data root, or a file that is given by its path.
 *
 * @param setting a name, or a path that ends in `.json`
 * @throws MetaError `MISSING_FILE` when the root has no settings, or the path no file; `UNKNOWN_NAME` when the
 *   root has other settings; `BAD_DATA` when the file is not a setting
 */
export async function readSetting(root: string, setting: string): Promise<Setting> {
  const path = isSettingFile(setting) ? setting : await findSetting(root, setting);
  const name = basename(path, ".json");
  const { train, test, unseen_domain_test } = await readJson(path, settingSchema);
  const strangers = unseen_domain_test.filter((task) => !test.includes(task));
  if (strangers.length > 0) {
    throw new MetaError(
      "BAD_DATA",
      `${path}: expected every task of "unseen_domain_test" in "test" as well, but ${shortList(strangers)} is not.`,
    );
  }
  return { name, train, test, unseenDomainTest: unseen_domain_test };
}

/** True for the path of a setting's file, false for the name of one in the data root. */
export function isSettingFile(setting: string): boolean {
  return setting.endsWith(".json");
}

async function findSetting(root: string, name: string): Promise<string> {
  const folder = join(root, "config");
  const known = await settingNames(folder);
  if (!known.includes(name)) throw unknownName("setting", name, known);
  return join(folder, `${name}.json`);
}

/**
 * Reads a task's type from `config/tasks/{task}.json` of a data root.
 *
 * The file's options are not used: each row has its own, and in published data the two differ
 * (tweet_eval-irony).
 *
 * @throws MetaError `MISSING_FILE`; `BAD_DATA` when the file is not a task config
 */
export async function readTaskType(root: string, task: string): Promise<TaskType> {
  const config = await readJson(join(root, "config", "tasks", `${task}.json`), taskConfigSchema);
  return config.task_type;
}

async function settingNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch((cause) => {
    throw new MetaError(
      "MISSING_FILE",
      `Expected the settings ({setting}.json) of a MetaICL data folder in ${folder}, which cannot be read: ${messageOf(cause)}. Is "root" right?`,
      { cause },
    );
  });
  const settings = entries.filter((entry) => entry.endsWith(".json"));
  return settings.map((entry) => entry.slice(0, -".json".length)).sort();
}

async function readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${path} is not JSON: ${messageOf(cause)}.`, { cause });
  }
  const checked = schema.safeParse(json);
  if (!checked.success) {
    const issues = checked.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ");
    throw new MetaError("BAD_DATA", `${path}: ${issues}.`);
  }
  return checked.data;
}
