import { type AnswerMetric, MetaError, randomFor, type TargetTask } from "@metalearn/core";
import type { Example } from "../data/example.js";
import type { Split } from "../data/fileNames.js";
import { withRandomLabels } from "../data/randomLabels.js";
import { withRandomWords } from "../data/randomWords.js";
import type { TaskType } from "../data/settings.js";
import { atRow, readTaskFile, rowError, type TaskFile } from "../data/taskFile.js";
import type { DemonstrationLabels } from "../options.js";
import { candidates } from "./candidates.js";
import { questionWriter, type WriterOptions } from "./questionWriter.js";
import type { TargetFiles } from "./targetFiles.js";

/** Parts of a target task. */
export interface TargetOptions extends Omit<WriterOptions, "task"> {
  readonly files: TargetFiles;
  readonly taskType: TaskType;
  readonly unseenDomain: boolean;
  /** @default macro-F1 for classification, exact match for answers that are generated, accuracy otherwise */
  readonly metric?: AnswerMetric | undefined;
  /** Seed of the words that replace labels; absent when labels are kept. */
  readonly wordSeed?: number | undefined;
  /** Answers of demonstrations: the right ones or random ones. */
  readonly demonstrationLabels: DemonstrationLabels;
  /** Number of answers to choose from where answers are free-form; without it they are generated. */
  readonly freeFormCandidates?: number | undefined;
  /** Number of test rows to ask, the same ones for all seeds and runs; all when absent. */
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
 * A task for in-context evaluation.
 *
 * Source: Min et al. 2022, section 4.3: macro-F1 for classification, accuracy otherwise; the same
 * demonstrations for all questions of a seed.
 */
export function targetTask(options: TargetOptions): CheckedTarget {
  const { files, taskType, unseenDomain, encoder, wordSeed, freeFormCandidates } = options;
  const { task } = files;
  const isFreeForm = taskType === "free-form" && freeFormCandidates === undefined;
  const usual = isFreeForm ? "exact-match" : "accuracy";
  const { metric = taskType === "classification" ? "macro-f1" : usual } = options;
  if (isFreeForm) requireDirect(task, encoder);

  /** Reads the demonstrations and the test rows of a seed, and checks that they can be scored. */
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
    const count = freeFormCandidates ?? 0;
    const answersTo = candidates(test.examples, { task, count });
    if (isFreeForm) checkFreeForm(test);
    else checkQuestions(test, answersTo);
    if (taskType === "classification") checkSameOptions(train, test);
    for (const { path, examples } of [train, test]) {
      const isScored = path === test.path;
      examples.forEach((example, row) => {
        const answers = isScored && !isFreeForm ? answersTo(row) : [example.outputs[0]];
        atRow(path, row, () =>
          encoder.check(example, { task, answers, isScored: isScored && !isFreeForm }),
        );
      });
    }
    const random = options.demonstrationLabels === "random";
    const shown = random
      ? { ...train, examples: withRandomLabels(train.examples, { task, seed }) }
      : train;
    return { train: shown, test, answersTo };
  };

  const open = async (seed: number) => {
    checkSeed(files, seed);
    const { train, test, answersTo } = await readSeed(seed);
    const asked = chosenRows(options, test.examples.length).map((row) => ({
      rows: test,
      row,
      answers: answersTo(row),
    }));
    return { train, asked, writer: questionWriter(train, { ...options, task }) };
  };

  return {
    name: task,
    unseenDomain,
    metric,
    ...(isFreeForm && { isFreeForm }),
    seeds: files.seeds,
    async check() {
      const hashes: Record<string, string> = {};
      for (const seed of files.seeds) {
        const { train, test } = await readSeed(seed);
        for (const { path, sha256 } of [train, test]) hashes[path] = sha256;
      }
      return hashes;
    },
    async questions(seed) {
      const { asked, writer } = await open(seed);
      return asked.map(isFreeForm ? writer.freeFormQuestion : writer.question);
    },
    // The channel method scores the input, so that there is no neutral input to compare with.
    ...(encoder.method === "direct" &&
      !isFreeForm && {
        async neutralQuestions(seed: number) {
          const { asked, writer } = await open(seed);
          return asked.map((row) => ({ sequences: writer.sequences(row, true) }));
        },
      }),
    async demonstratedAnswers(seed) {
      const { train, writer } = await open(seed);
      return writer.supportRows.map((row) => (train.examples[row] as Example).outputs[0].trim());
    },
    async support(seed) {
      const { writer } = await open(seed);
      return writer.support();
    },
  };
}

/** Rows to ask, in the file's order. They depend on the task only, so that every run asks the same ones. */
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
    `${task} has no demonstrations for seed ${seed}: ${path(seed, "train")} does not exist. With ${shots} shots there are seeds ${seeds.join(", ")}.`,
  );
}

function checkDemonstrations({ path, examples }: TaskFile, shots: number): void {
  if (examples.length === shots) return;
  throw rowError(
    path,
    examples.length - 1,
    `expected ${shots} rows, the number in the file's name, got ${examples.length}`,
  );
}

function checkQuestions(
  { path, examples }: TaskFile,
  answersTo: (row: number) => readonly string[],
): void {
  const row = examples.findIndex((_, row) => answersTo(row).length < 2);
  if (row === -1) return;
  throw rowError(
    path,
    row,
    `a question needs at least 2 options to choose from, but has ${answersTo(row).length}. Answers are generated in tasks whose task_type in config/tasks is free-form`,
  );
}

/** Checks that answers are generated. @throws MetaError `BAD_DATA` for a row with options to choose from */
function checkFreeForm({ path, examples }: TaskFile): void {
  const row = examples.findIndex(({ options }) => options.length > 0);
  if (row === -1) return;
  throw rowError(
    path,
    row,
    `expected "options": [] in a free-form task, whose answers are generated, got ${examples[row]?.options.length} options. Make the task multi-choice in config/tasks, or set freeFormCandidates`,
  );
}

/** Refuses the channel method, which cannot generate answers. @throws MetaError `BAD_OPTION` */
export function requireDirect(task: string, { method }: WriterOptions["encoder"]): void {
  if (method === "direct") return;
  throw new MetaError(
    "BAD_OPTION",
    `Answers to the free-form task "${task}" are generated, which the channel method cannot: it scores inputs. Use the direct method, or set freeFormCandidates, the number of answers of the task to choose from.`,
  );
}

function checkSameOptions(train: TaskFile, test: TaskFile): void {
  const [shown, asked] = [train, test].map(({ examples }) => JSON.stringify(examples[0]?.options));
  if (shown === asked) return;
  throw rowError(test.path, 0, `expected the options of ${train.path}, ${shown}, got ${asked}`);
}
