import { MetaError } from "@metalearn/core";
import type { Example } from "../data/example.js";
import type { TaskType } from "../data/settings.js";
import { answeredSplits } from "./answeredSplits.js";
import { labelReading, type OptionAnswer, optionReading } from "./answerMeaning.js";
import { badRow, type Columns, columnsOf, textOf, valueAt } from "./columns.js";
import type { Source, SourceRow } from "./readSource.js";

/** The user's description of the data. */
export interface Reading {
  readonly task: string;
  readonly input?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly options?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly type?: TaskType | undefined;
  readonly use: "train" | "target" | "both";
  /** Number of rows to hold out for testing where the data has no test split. */
  readonly testRows?: number | undefined;
}

/** A user's data as examples. */
export interface ReadExamples {
  readonly type: TaskType;
  readonly columns: Columns;
  /** Labels of a classification task, in the order of all rows' options; empty for other types. */
  readonly labels: readonly string[];
  readonly train: readonly Example[];
  readonly test: readonly Example[];
  /** Sentences about what was read, where it may not be what was meant. */
  readonly remarks: readonly string[];
}

/** Largest number of different answers that are taken for labels. */
const mostLabels = 32;

/**
 * Converts rows to examples. Answers may be texts, numbers of labels that have names, or, where a row has
 * options, the options' numbers from 0, their letters, or their own labels, as in `choices: {text, label}`.
 *
 * @throws MetaError `UNKNOWN_NAME` for a column that does not exist; `BAD_DATA`, naming the row; `BAD_OPTION` when no
 *   row would be left to train on
 */
export function toExamples(source: Source, reading: Reading): ReadExamples {
  const [first] = source.train;
  if (!first) throw new MetaError("BAD_DATA", "The data has no rows.");
  const columns = columnsOf(first, reading);
  const names = reading.labels ?? source.labels[columns.output];
  const splits = answeredSplits(source, {
    ...{ task: reading.task, testRows: reading.testRows },
    ...{ output: columns.output, names, isTested: reading.use !== "train" },
  });
  const rows = [...splits.train, ...splits.test].map((row) => readRow(row, columns));
  const examples = named(rows, columns, { names, isIndexed: reading.labels === undefined });

  const answers = [...new Set(examples.map(({ outputs }) => outputs[0].trim()))];
  const type = reading.type ?? guessType(columns, answers, examples.length, names);
  if (type === "multi-choice" && columns.options === undefined) {
    throw new MetaError(
      "BAD_OPTION",
      "A task of the type multi-choice needs --options, the column of its options.",
    );
  }
  const isLabelled = type === "classification";
  const labels = isLabelled ? [...(names ?? answers.toSorted())] : [];
  const all = isLabelled ? examples.map((row) => ({ ...row, options: labels })) : examples;
  const train = all.slice(0, splits.train.length);
  const test = all.slice(splits.train.length);
  return {
    ...{ type, columns, labels, train, test },
    remarks: [
      ...source.remarks,
      ...splits.remarks,
      ...(isLabelled ? labelRemarks(train, test, labels) : []),
    ],
  };
}

function guessType(
  { options }: Columns,
  answers: readonly string[],
  rows: number,
  names: readonly string[] | undefined,
): TaskType {
  if (options !== undefined) return "multi-choice";
  const isFew = answers.length <= mostLabels && 2 * answers.length <= rows;
  return names || isFew ? "classification" : "free-form";
}

/** Remarks on labels that may not be meant as such. */
function labelRemarks(
  train: readonly Example[],
  test: readonly Example[],
  labels: readonly string[],
): string[] {
  const shown = new Set(train.map(({ outputs }) => outputs[0]));
  const only = [...new Set(test.map(({ outputs }) => outputs[0]))].filter((at) => !shown.has(at));
  const remarks =
    only.length > 0
      ? [
          `No row to train on or to show has the answer ${only.join(", ")}, which rows to test on have.`,
        ]
      : [];
  const others = labels.filter((label) => label !== "-1");
  if (others.length < labels.length && others.every((label) => /^\d+$/.test(label))) {
    remarks.push(
      "-1 is read as a label. If it means that a row has no answer, name the labels with --label.",
    );
  }
  return remarks;
}

/** A row whose answers are as the data writes them. */
interface ReadRow {
  readonly input: string;
  readonly options: readonly string[];
  readonly answers: readonly OptionAnswer[];
}

function readRow({ at, row }: SourceRow, columns: Columns): ReadRow {
  const text = (column: string) => textOf(valueAt(row, column), at, column);
  const input = columns.input.map(text).join(" [SEP] ");
  const given = valueAt(row, columns.output);
  const list = columns.options === undefined ? [] : listOf(row, columns.options, at);
  const options = list.map((option) => textOf(option, at, columns.options as string));
  const areNumbers = list.some(isNumber);
  const labels = columns.options === undefined ? undefined : choiceLabels(row, columns.options);
  const answers = (Array.isArray(given) ? given : [given]).map((answer) => ({
    ...{ at, options, areNumbers, labels },
    text: textOf(answer, at, columns.output),
    isNumber: isNumber(answer),
  }));
  return { input, options, answers };
}

/** Examples of rows, with their answers by name or text. */
function named(
  rows: readonly ReadRow[],
  { options, output }: Columns,
  { names, isIndexed }: { names: readonly string[] | undefined; isIndexed: boolean },
): Example[] {
  const answers = rows.flatMap((row) => row.answers);
  const inFull =
    options !== undefined
      ? optionReading(answers)
      : names
        ? labelReading(answers, names, isIndexed)
        : ({ text }: OptionAnswer) => text;
  return rows.map(({ input, options, answers }) => {
    const texts = [...new Set(answers.map((answer) => inFull(answer) as string))];
    const [answer, ...others] = texts.filter((text) => text !== "");
    if (answer === undefined) throw badRow(answers[0]?.at ?? "", `the column ${output} is empty`);
    return { input, outputs: [answer, ...others], options };
  });
}

/**
 * Labels in the field `label` beside `text`, as Hugging Face's data sets write options with their letters.
 */
function choiceLabels(row: SourceRow["row"], column: string): string[] | undefined {
  if (!column.endsWith(".text")) return undefined;
  const labels = valueAt(row, `${column.slice(0, -".text".length)}.label`);
  return Array.isArray(labels) ? labels.map(String) : undefined;
}

function listOf(row: SourceRow["row"], column: string, at: string): unknown[] {
  const value = valueAt(row, column);
  const list = typeof value === "string" && value.startsWith("[") ? parseList(value) : value;
  if (Array.isArray(list)) return list;
  throw badRow(
    at,
    `the column ${column}: expected a list of options, got ${JSON.stringify(value)}`,
  );
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}
