import { constants, existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { MetaError, parseOptions } from "@metalearn/core";
import { writeAtomically } from "@metalearn/core/files";
import { downloadFromHub, type HubOptions } from "@metalearn/core/hub";
import { z } from "zod";
import { parseTaskFileName } from "../data/fileNames.js";
import { readSetting, type Setting } from "../data/settings.js";
import { shortList } from "../data/shortList.js";
import { poolShots } from "../train/trainingData.js";

/** Data set with MetaICL's files, prepared by the Allen Institute for AI. */
const published = "allenai/metaicl-data";

/** Options of {@link downloadTasks}, and of `metalearn data download`. */
export const downloadTasksOptions = z.strictObject({
  root: z.string().default("data").describe("the data folder"),
  /** @default MetaICL's files */
  repository: z.string().optional().describe("a data set on the Hugging Face hub"),
  revision: z.string().optional().describe("its branch, tag or commit"),
  /** Selects the files of each target with this number of demonstrations. */
  shots: z.int().min(0).default(16).describe("demonstrations of a target"),
});

/** Published data to download. */
export interface DownloadTasksOptions extends z.input<typeof downloadTasksOptions> {
  /** Name of the setting whose tasks are downloaded. */
  readonly setting: string;
  readonly notify?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Downloaded files. */
export interface DownloadedTasks {
  readonly files: number;
  /** Tasks that the data set does not have. */
  readonly missing: readonly string[];
}

/**
 * Downloads the files of a setting's tasks from a data set on the hub: training files, and those that targets
 * are evaluated with. They go through the hub's own cache, which resumes interrupted downloads and checks
 * hashes, so that only complete files reach the data folder. The setting itself is read from the data set or,
 * for MetaICL's, from the data folder.
 *
 * @throws MetaError `BAD_OPTION`; `MISSING_FILE` when the data set, the network or the setting is missing;
 *   `BAD_DATA` for a damaged file
 */
export async function downloadTasks({
  setting: name,
  notify = () => {},
  signal,
  ...given
}: DownloadTasksOptions): Promise<DownloadedTasks> {
  const {
    root,
    repository = published,
    revision,
    shots,
  } = parseOptions(downloadTasksOptions, given);
  const hub: HubOptions = {
    type: "dataset",
    notify,
    ...(revision && { revision }),
    ...(signal && { signal }),
  };
  const configs = await fetchFiles((path) => configPath(path, name), { repository, root, hub });
  if (!existsSync(join(root, "config", `${name}.json`))) {
    throw new MetaError(
      "MISSING_FILE",
      `Neither ${repository} nor ${root} has config/${name}.json, the lists of tasks. Copy the folder config of MetaICL's repository on GitHub into ${root}.`,
    );
  }
  const setting = await readSetting(root, name);
  const found = new Set<string>();
  const data = await fetchFiles(
    (path) => {
      const wanted = dataPath(path, setting, shots);
      if (wanted) found.add(wanted.task);
      return wanted?.path;
    },
    { repository, root, hub },
  );
  const tasks = [...new Set([...setting.train, ...setting.test])];
  const untyped = tasks.filter(
    (task) => !existsSync(join(root, "config", "tasks", `${task}.json`)),
  );
  if (untyped.length > 0) {
    notify(
      `The type of answers is unknown for ${shortList(untyped)}: copy the folder config of MetaICL's repository on GitHub into ${root}.`,
    );
  }
  return { files: configs + data, missing: tasks.filter((task) => !found.has(task)) };
}

interface Fetching {
  readonly repository: string;
  readonly root: string;
  readonly hub: HubOptions;
}

/**
 * Downloads selected files of a data set.
 *
 * @param placeOf path in the data folder for a file of the data set, or undefined to leave it out
 * @returns number of files downloaded
 */
async function fetchFiles(
  placeOf: (path: string) => string | undefined,
  { repository, root, hub }: Fetching,
): Promise<number> {
  let wanted: readonly string[] = [];
  const folder = await downloadFromHub(
    repository,
    (files) => {
      wanted = files.filter((path) => placeOf(path) !== undefined);
      return wanted;
    },
    hub,
  );
  for (const path of wanted) {
    const place = join(root, placeOf(path) as string);
    await writeAtomically(place, (temporary) =>
      copyFile(join(folder, path), temporary, constants.COPYFILE_FICLONE),
    );
  }
  return wanted.length;
}

/** Path in the data root of a setting or task type, which may lie below any folder of the data set. */
function configPath(path: string, setting: string): string | undefined {
  const match = /(?:^|\/)(config\/(?:tasks\/[^/]+|([^/]+))\.json)$/.exec(path);
  const [, place, name] = match ?? [];
  return name === undefined || name === setting ? place : undefined;
}

/** Path in the data root of a data file that training or evaluation on a setting reads. */
function dataPath(
  path: string,
  { train, test }: Setting,
  shots: number,
): { task: string; path: string } | undefined {
  const [folder, file = ""] = path.split("/").slice(-2);
  const name = parseTaskFileName(file);
  if (!name || name.task !== folder) return undefined;
  const { task, split, seed } = name;
  const isPool = name.shots === poolShots && seed === 100 && split === "train";
  const isTarget = name.shots === shots && split !== "dev";
  const isWanted = (isPool && train.includes(task)) || (isTarget && test.includes(task));
  return isWanted ? { task, path: `${task}/${file}` } : undefined;
}
