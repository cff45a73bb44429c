import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Example } from "../data/example.js";
import { taskFileName } from "../data/fileNames.js";
import { withRandomWords } from "../data/randomWords.js";
import { readTaskType } from "../data/settings.js";
import { parseTaskFile, readDataFile } from "../data/taskFile.js";
import type { Labels } from "../options.js";
import type { TokenCache, TokenSource } from "../tokens/tokenCache.js";
import { type TokenTable, tableSize } from "../tokens/tokenTable.js";
import type { TrainingExamples } from "./trainingTask.js";

/** Number in the names of meta-training files: the most rows that one may have. */
export const poolShots = 16_384;

/** Meta-training files of a setting. */
export interface TrainingData {
  readonly tasks: readonly (TokenisedFile | ParsedFile)[];
  /** Files that do not exist: an error when training is requested, but not for evaluation. */
  readonly missing: readonly string[];
  /** SHA-256 by path. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** A file whose rows were checked and tokenized by an earlier run. */
interface TokenisedFile {
  readonly name: string;
  /** Number of rows. */
  readonly size: number;
  readonly table: TokenTable;
  /** Reads its rows again, for callers that need their texts. */
  reread(): readonly Example[];
}

/** A file that was read and checked in this run. */
interface ParsedFile extends TrainingExamples {
  readonly size: number;
  /** Key of its tokens in the cache. */
  readonly source: TokenSource;
}

/** Parts of each file to read. */
export interface TrainingDataOptions {
  readonly dataSeed: number;
  /** Number of rows of each file to keep, the first ones; the files are shuffled already. */
  readonly maxExamplesPerTask?: number | undefined;
  /** Tokens of earlier runs. */
  readonly cache: TokenCache | undefined;
  /** Labels to train on: the original ones, or random words, which `dataSeed` decides. */
  readonly trainLabels: Labels;
}

/**
 * Reads the meta-training examples of tasks, or their tokens. Every file is hashed, at more than a gigabyte
 * per second, which costs less than a safe check for changes.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_DATA`, naming file and line
 */
export async function readTrainingData(
  root: string,
  names: readonly string[],
  { dataSeed, maxExamplesPerTask: limit, cache, trainLabels }: TrainingDataOptions,
): Promise<TrainingData> {
  const tasks: (TokenisedFile | ParsedFile)[] = [];
  const missing: string[] = [];
  const hashes: Record<string, string> = {};
  for (const task of names) {
    const name = taskFileName({ task, shots: poolShots, seed: dataSeed, split: "train" });
    const path = join(root, task, name);
    if (!existsSync(path)) {
      missing.push(path);
      continue;
    }
    const taskType = await readTaskType(root, task);
    const file = await readDataFile(path);
    hashes[path] = file.sha256;
    const wordSeed = trainLabels === "random-words" ? dataSeed : undefined;
    const source = { task, taskType, sha256: file.sha256, limit, wordSeed };
    const parse = (bytes: Uint8Array) => {
      const parsed = parseTaskFile({ ...file, bytes }, { task, taskType });
      const examples = parsed.examples.slice(0, limit);
      if (wordSeed === undefined) return examples;
      return withRandomWords(examples, { task, taskType, seed: wordSeed });
    };
    const table = await cache?.read(source);
    if (table) {
      const reread = () => parse(readFileSync(path));
      tasks.push({ name: task, size: tableSize(table), table, reread });
      continue;
    }
    const examples = parse(file.bytes);
    tasks.push({ name: task, size: examples.length, path, examples, source });
  }
  return { tasks, missing, hashes };
}
