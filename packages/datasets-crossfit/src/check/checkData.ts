import {
  counted,
  type DataCheck,
  type DataFinding,
  mean,
  type TaskStatistics,
} from "@metalearn/core";
import type { Example } from "../data/example.js";
import { readTaskType, type Setting } from "../data/settings.js";
import { shortList } from "../data/shortList.js";
import { readTaskFile } from "../data/taskFile.js";
import { findTargetFiles } from "../evaluate/targetFiles.js";
import type { CompleteOptions } from "../options.js";
import type { EncoderOptions } from "../prompt/exampleEncoder.js";
import { readTrainingData } from "../train/trainingData.js";
import { findLeaks, type TargetRows, type TaskRows } from "./findLeaks.js";
import { inspectRows, percent } from "./inspectRows.js";
import { measureTokens } from "./measureTokens.js";

/** Data to check. */
export interface CheckedData {
  readonly setting: Setting;
  readonly targets: readonly string[];
  readonly options: CompleteOptions;
  readonly encoding: EncoderOptions;
}

/** Share of cut text from which a finding is reported. */
const notable = 0.01;

/**
 * Finds problems that can distort results although every file is readable: leaks between training and test
 * data, repeated rows, missing labels, text that does not fit.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_DATA`, naming file and line
 */
export async function checkData({
  setting,
  targets,
  options,
  encoding,
}: CheckedData): Promise<DataCheck> {
  const tasks: TaskStatistics[] = [];
  const findings: DataFinding[] = [];
  const { training, missing } = await readTraining(setting, options);
  if (missing.length > 0) {
    findings.push({
      topic: "missing",
      severity: "warning",
      tasks: missing,
      message: `${counted(missing.length, "training file")} of ${setting.name} ${missing.length === 1 ? "does" : "do"} not exist: ${shortList(missing)}`,
    });
  }
  for (const rows of training) {
    const taskType = await readTaskType(options.root, rows.task);
    const { findings: own, ...counts } = inspectRows(rows, { taskType, use: "train" });
    const { meanTokens, cutExamples } = measureTokens(rows.examples, { task: rows.task, encoding });
    tasks.push({ task: rows.task, use: "train", ...counts, meanTokens, cutExamples });
    findings.push(...own, ...cut(rows.task, cutExamples, "training examples lose a part"));
  }
  const asked: TargetRows[] = [];
  for (const task of targets) {
    const taskType = await readTaskType(options.root, task);
    const rows = await readTarget(task, options);
    asked.push(rows);
    const { findings: own, ...counts } = inspectRows(rows, { taskType, use: "target" });
    const measured = measureTokens(rows.examples, { task, encoding, asked: true });
    const { meanTokens, cutExamples, lengths } = measured;
    const questions = measureQuestions(lengths, rows, { options, encoding });
    const { cutQuestions } = questions;
    tasks.push({ task, use: "target", ...counts, meanTokens, cutExamples, cutQuestions });
    findings.push(
      ...own,
      ...cut(task, cutExamples, "test inputs lose a part"),
      ...cutDemonstrations(task, questions, options),
      ...unshownLabels(rows),
    );
  }
  const leaks = findLeaks(training, asked);
  return { tasks, findings: [...leaks, ...findings] };
}

async function readTraining({ train }: Setting, options: CompleteOptions) {
  const { tasks, missing } = await readTrainingData(options.root, train, {
    ...options,
    cache: undefined,
  });
  const training = tasks.map((file): TaskRows => {
    const examples = "examples" in file ? file.examples : file.reread();
    return { task: file.name, examples };
  });
  return { training, missing };
}

/** Test rows of a target, and its demonstrations under each seed. */
async function readTarget(task: string, { root, shots }: CompleteOptions): Promise<TargetRows> {
  const files = await findTargetFiles(root, task, shots);
  const taskType = await readTaskType(root, task);
  const read = async (seed: number, split: "train" | "test") =>
    (await readTaskFile(files.path(seed, split), { task, taskType })).examples;
  const demonstrations = new Map<number, readonly Example[]>();
  for (const seed of files.seeds) {
    demonstrations.set(seed, (await read(seed, "train")).slice(0, shots));
  }
  return { task, examples: await read(files.seeds[0] as number, "test"), demonstrations };
}

/** Fit of questions together with their demonstrations, over all seeds. */
interface QuestionFit {
  /** Share of the questions that do not fit together with all their demonstrations. */
  readonly cutQuestions: number;
  /** Tokens of the demonstrations alone, at most. */
  readonly shown: number;
  /** Tokens that a question and its demonstrations may have together. */
  readonly limit: number;
}

function measureQuestions(
  lengths: readonly number[],
  { task, demonstrations }: TargetRows,
  { options, encoding }: Pick<CheckedData, "options" | "encoding">,
): QuestionFit {
  const { shots, maxTokens, maxExampleTokens } = options;
  const limit = Math.min(maxExampleTokens * shots, maxTokens);
  if (shots === 0) return { cutQuestions: 0, shown: 0, limit };
  const shown = [...demonstrations.values()].map((rows) =>
    measureTokens(rows, { task, encoding }).lengths.reduce((sum, own) => sum + own, 0),
  );
  const shares = shown.map(
    (length) => lengths.filter((own) => own + length > limit).length / lengths.length,
  );
  return { cutQuestions: mean(shares), shown: Math.max(...shown), limit };
}

/** A remark where some questions lose a part of their demonstrations, a warning where all do. */
function cutDemonstrations(
  task: string,
  { cutQuestions, shown, limit }: QuestionFit,
  { shots, maxTokens }: CompleteOptions,
): DataFinding[] {
  if (cutQuestions < 1) {
    return cut(task, cutQuestions, "questions lose a part of their demonstrations");
  }
  const room =
    limit < maxTokens ? "tasks.maxExampleTokens" : "tasks.maxTokens, as far as the model reads";
  const message = `every question loses a part of its demonstrations: ${shots} take up to ${shown} tokens, and there is room for ${limit} with the question. Lower tasks.shots, or raise ${room}`;
  return [{ topic: "truncation", severity: "warning", tasks: [task], message }];
}

/** Labels that occur in a target's questions but not in its demonstrations under some seed. */
function unshownLabels({ task, examples, demonstrations }: TargetRows): DataFinding[] {
  const [first] = examples;
  const isClassification = examples.every(
    ({ options }) => options.join() === first?.options.join(),
  );
  if (!isClassification || !first || first.options.length === 0) return [];
  const wanted = new Set(examples.map(({ outputs }) => outputs[0].trim()));
  const lacking = [...demonstrations].flatMap(([seed, rows]) => {
    const shown = new Set(rows.map(({ outputs }) => outputs[0].trim()));
    const unshown = [...wanted].filter((label) => !shown.has(label)).length;
    return rows.length > 0 && unshown > 0 ? [`${unshown} under seed ${seed}`] : [];
  });
  if (lacking.length === 0) return [];
  const message = `of its ${counted(wanted.size, "label")} the demonstrations do not show ${lacking.join(", ")}`;
  return [{ topic: "labels", severity: "info", tasks: [task], message }];
}

function cut(task: string, share: number, what: string): DataFinding[] {
  if (share < notable) return [];
  const message = `${percent(share)} of its ${what}`;
  return [{ topic: "truncation", severity: "info", tasks: [task], message }];
}
