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

/** The number in the names of meta-training files: at most so many rows. */
export const poolShots = 16_384;

/** The meta-training files of a setting. */
export interface TrainingData {
  readonly tasks: readonly (TokenisedFile | ParsedFile)[];
  /** Files that are not there: an error once training is asked for, but not for evaluation. */
  readonly missing: readonly string[];
  /** sha256 by path. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** A file whose rows were checked and tokenised by an earlier run. */
interface TokenisedFile {
  readonly name: string;
  /** How many rows it has. */
  readonly size: number;
  readonly table: TokenTable;
  /** Reads its rows once more, for whoever needs their texts. */
  reread(): readonly Example[];
}

/** A file that was read and checked now. */
interface ParsedFile extends TrainingExamples {
  readonly size: number;
  /** Under which its tokens are to be cached. */
  readonly source: TokenSource;
}

/** What to read of each file. */
export interface TrainingDataOptions {
  readonly dataSeed: number;
  /** Keeps the first rows of each; the files are shuffled already. */
  readonly maxExamplesPerTask?: number | undefined;
  /** Where tokens of earlier runs are. */
  readonly cache: TokenCache | undefined;
  /** Whether labels are replaced by random words, which `dataSeed` decides. */
  readonly trainLabels: Labels;
}

/**
 * Reads the meta-training examples of tasks, or their tokens. Every file is hashed, at more than a
 * gigabyte a second: cheaper than to find out safely that it need not be.
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
