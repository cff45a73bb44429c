import { type DataCheck, type DataFinding, mean, type TaskStatistics } from "@metalearn/core";
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
      message: `${missing.length} training files of ${setting.name} do not exist: ${shortList(missing)}`,
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
    const cutQuestions = shareOfCutQuestions(lengths, rows, { options, encoding });
    tasks.push({ task, use: "target", ...counts, meanTokens, cutExamples, cutQuestions });
    findings.push(
      ...own,
      ...cut(task, cutExamples, "test inputs lose a part"),
      ...cut(task, cutQuestions, "questions lose a part of their demonstrations"),
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

/** Share of questions that do not fit together with all their demonstrations, over all seeds. */
function shareOfCutQuestions(
  lengths: readonly number[],
  { task, demonstrations }: TargetRows,
  { options, encoding }: Pick<CheckedData, "options" | "encoding">,
): number {
  const { shots, maxTokens, maxExampleTokens } = options;
  if (shots === 0) return 0;
  const limit = Math.min(maxExampleTokens * shots, maxTokens);
  const shares = [...demonstrations.values()].map((rows) => {
    const shown = measureTokens(rows, { task, encoding }).lengths;
    const length = shown.reduce((sum, own) => sum + own, 0);
    return lengths.filter((own) => own + length > limit).length / lengths.length;
  });
  return mean(shares);
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
  const message = `of its ${wanted.size} labels the demonstrations do not show ${lacking.join(", ")}`;
  return [{ topic: "labels", severity: "info", tasks: [task], message }];
}

function cut(task: string, share: number, what: string): DataFinding[] {
  if (share < notable) return [];
  const message = `${percent(share)} of its ${what}`;
  return [{ topic: "truncation", severity: "info", tasks: [task], message }];
}
