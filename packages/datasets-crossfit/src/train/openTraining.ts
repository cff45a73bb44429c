import { join } from "node:path";
import { counted, MetaError } from "@metalearn/core";
import type { Setting } from "../data/settings.js";
import { shortList } from "../data/shortList.js";
import type { CompleteOptions } from "../options.js";
import type { ExampleEncoder } from "../prompt/exampleEncoder.js";
import type { TokenCache } from "../tokens/tokenCache.js";
import type { TrainingData } from "./trainingData.js";
import {
  checkEnoughRows,
  lazyTask,
  type TrainingTask,
  tokenise,
  tokenisedTask,
} from "./trainingTask.js";

/** Settings of training tasks. */
export interface OpenTrainingOptions {
  readonly setting: Setting;
  readonly encoder: ExampleEncoder;
  readonly options: CompleteOptions;
  /** Stores tokens that it does not have yet; without a cache, rows are encoded when they are drawn. */
  readonly cache: TokenCache | undefined;
}

/**
 * Opens the training tasks of a setting, when training is requested.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_DATA` for rows that cannot be encoded, or too few of them
 */
export function openTraining(
  { tasks, missing }: TrainingData,
  { setting, encoder, options, cache }: OpenTrainingOptions,
): TrainingTask[] {
  const { root, shots, tokenizer, notify } = options;
  if (setting.train.length === 0) {
    throw new MetaError("BAD_DATA", `The setting ${setting.name} has no training tasks.`);
  }
  if (missing.length > 0) {
    throw new MetaError(
      "MISSING_FILE",
      `${missing.length} of the ${counted(setting.train.length, "training task")} of ${setting.name} ${missing.length === 1 ? "has" : "have"} no file: ${shortList(missing)}. Add what is missing, or remove the names from ${join(root, "config", `${setting.name}.json`)}.`,
    );
  }
  checkEnoughRows(tasks, shots);
  const encoding = { encoder, vocabularySize: tokenizer.vocabularySize };
  const unknown = tasks.filter((task) => "examples" in task);
  if (cache && unknown.length > 0) {
    const rows = unknown.reduce((sum, { size }) => sum + size, 0);
    notify(
      `Encoding ${counted(rows, "row")} of ${counted(unknown.length, "training task")}; later runs find them in ${cache.directory}.`,
    );
  }
  const opened = tasks.map((task) => {
    if ("table" in task) return tokenisedTask(task, encoder);
    if (!cache) return lazyTask(task, encoding);
    const table = tokenise(task, encoding);
    cache.write(task.source, table);
    const { name, examples } = task;
    return tokenisedTask({ name, table, reread: () => examples }, encoder);
  });
  if (unknown.length > 0) cache?.prune();
  return opened;
}
