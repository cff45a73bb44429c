import { MetaError, type Question, randomFor, type TargetTask } from "@metalearn/core";
import type { Example } from "../data/example.js";
import type { Split } from "../data/fileNames.js";
import { withRandomWords } from "../data/randomWords.js";
import type { TaskType } from "../data/settings.js";
import { atRow, readTaskFile, rowError, type TaskFile } from "../data/taskFile.js";
import { assembleSequence } from "../prompt/assembleSequence.js";
import type { ExampleEncoder, ExampleTokens } from "../prompt/exampleEncoder.js";
import { nearestRows } from "../retrieve/nearestRows.js";
import type { DemonstrationChoice } from "../train/trainingSequences.js";
import type { TargetFiles } from "./targetFiles.js";

/** What a target task is made of. */
export interface TargetOptions {
  readonly files: TargetFiles;
  readonly taskType: TaskType;
  readonly unseenDomain: boolean;
  readonly encoder: ExampleEncoder;
  /** Demonstrations before each question: the first rows of the seed's file, in its order. */
  readonly shots: number;
  /** `nearest` shows each question the rows of that file that are most like it, the most similar last. */
  readonly demonstrations: DemonstrationChoice;
  /** The seed of the words that labels are replaced by, if they are. */
  readonly wordSeed?: number | undefined;
  readonly maxTokens: number;
  /** Test rows to ask, chosen once for all seeds and runs; all when absent. */
  readonly maxTestExamples?: number | undefined;
}

/** A target task whose files can be checked before training begins. */
export interface CheckedTarget extends TargetTask {
  /**
   * Reads all files of all seeds.
   *
   * @returns their hashes, by path
   * @throws MetaError `BAD_DATA`, naming file and line
   */
  check(): Promise<Record<string, string>>;
}

/**
 * A task to be evaluated on, in context.
 *
 * Source: Min et al. 2022, section 4.3: macro-F1 for classification, accuracy otherwise; the same
 * demonstrations for all questions of a seed.
 */
export function targetTask(options: TargetOptions): CheckedTarget {
  const { files, taskType, unseenDomain, shots, encoder, maxTokens, wordSeed } = options;
  const { task } = files;

  /** The demonstrations and the test rows of a seed, checked against what scoring needs. */
  const readSeed = async (seed: number) => {
    const read = async (split: Split) => {
      const file = await readTaskFile(files.path(seed, split), { task, taskType });
      if (wordSeed === undefined) return file;
      const examples = withRandomWords(file.examples, { task, taskType, seed: wordSeed });
      return { ...file, examples };
    };
    const train = await read("train");
    const test = await read("test");
    checkDemonstrations(train, files.shots);
    checkQuestions(test);
    if (taskType === "classification") checkSameOptions(train, test);
    for (const { path, examples } of [train, test]) {
      const isScored = path === test.path;
      examples.forEach((example, row) => {
        const answers = isScored ? example.options : [example.outputs[0]];
        atRow(path, row, () => encoder.check(example, { task, answers, isScored }));
      });
    }
    return { train, test };
  };

  return {
    name: task,
    unseenDomain,
    metric: taskType === "classification" ? "macro-f1" : "accuracy",
    async check() {
      const hashes: Record<string, string> = {};
      for (const seed of files.seeds) {
        for (const { path, sha256 } of Object.values(await readSeed(seed))) hashes[path] = sha256;
      }
      return hashes;
    },
    async questions(seed) {
      checkSeed(files, seed);
      const { train, test } = await readSeed(seed);
      const demonstrations = demonstrationsOf(train, options);
      const place = { task, first: shots === 0 };
      return chosenRows(options, test.examples.length).map((row): Question => {
        const example = test.examples[row] as TaskFile["examples"][number];
        const candidates = atRow(test.path, row, () => encoder.perOption(example, place));
        const newestFirst = demonstrations(example);
        return {
          options: example.options.map((option) => option.trim()),
          gold: example.outputs.map((output) => output.trim()),
          sequences: candidates.map((query) => assembleSequence({ newestFirst, query, maxTokens })),
        };
      });
    },
    async support(seed) {
      checkSeed(files, seed);
      const { train } = await readSeed(seed);
      const demonstrations = demonstrationsOf(train, options);
      return supportRows(train, options).map((row) => {
        const example = train.examples[row] as Example;
        const newestFirst = demonstrations(example, row);
        const place = { task, first: newestFirst.length === 0 };
        const query = atRow(train.path, row, () => encoder.answered(example, place));
        return assembleSequence({ newestFirst, query, maxTokens });
      });
    },
  };
}

/** Rows that demonstrations are taken from; without demonstrations all rows of the file. */
function supportRows(
  { examples }: TaskFile,
  { shots, demonstrations }: TargetOptions,
): readonly number[] {
  const all = [...examples.keys()];
  return shots === 0 || demonstrations === "nearest" ? all : all.slice(0, shots);
}

/**
 * The demonstrations that examples are shown, the last one first. An example that is row `itself`
 * is shown the other ones.
 */
function demonstrationsOf(
  train: TaskFile,
  options: TargetOptions,
): (example: Example, itself?: number) => readonly ExampleTokens[] {
  const { path, examples } = train;
  const { files, shots, encoder, demonstrations } = options;
  const encode = (rows: readonly number[]) =>
    rows
      .map((row, place) =>
        atRow(path, row, () =>
          encoder.answered(examples[row] as Example, { task: files.task, first: place === 0 }),
        ),
      )
      .reverse();
  if (shots === 0) return () => [];
  const rows = supportRows(train, options);
  if (demonstrations !== "nearest") {
    const shown = encode(rows);
    return (_, itself) =>
      itself === undefined ? shown : encode(rows.filter((row) => row !== itself));
  }
  const index = nearestRows(examples.map(({ input }) => input));
  return ({ input }, itself) => {
    const count = itself === undefined ? shots : shots - 1;
    const nearest = index.find(input, count, itself);
    const others = rows.filter((row) => row !== itself && !nearest.includes(row));
    return encode([...others.slice(0, count - nearest.length), ...nearest.reverse()]);
  };
}

/** Rows to ask, in the file's order. They depend on the task only: every run asks the same. */
function chosenRows({ files, maxTestExamples }: TargetOptions, count: number): readonly number[] {
  const all = Array.from({ length: count }, (_, row) => row);
  if (maxTestExamples === undefined || maxTestExamples >= count) return all;
  const random = randomFor("test examples", files.task);
  return random.sample(all, maxTestExamples).sort((a, b) => a - b);
}

function checkSeed({ task, shots, seeds, path }: TargetFiles, seed: number): void {
  if (seeds.includes(seed)) return;
  throw new MetaError(
    "MISSING_FILE",
    `${task} has no demonstrations for seed ${seed}: ${path(seed, "train")} is wanted. With ${shots} shots there are seeds ${seeds.join(", ")}.`,
  );
}

function checkDemonstrations({ path, examples }: TaskFile, shots: number): void {
  if (examples.length === shots) return;
  throw rowError(
    path,
    examples.length - 1,
    `the name promises ${shots} rows, but the file has ${examples.length}`,
  );
}

function checkQuestions({ path, examples }: TaskFile): void {
  const row = examples.findIndex(({ options }) => options.length < 2);
  if (row === -1) return;
  throw rowError(
    path,
    row,
    `a question needs at least 2 options to choose from, but has ${examples[row]?.options.length}. Tasks with free-form answers cannot be targets`,
  );
}

function checkSameOptions(train: TaskFile, test: TaskFile): void {
  const [shown, asked] = [train, test].map(({ examples }) => JSON.stringify(examples[0]?.options));
  if (shown === asked) return;
  throw rowError(
    test.path,
    0,
    `the options should be those of ${train.path}, ${shown}, but are ${asked}`,
  );
}
