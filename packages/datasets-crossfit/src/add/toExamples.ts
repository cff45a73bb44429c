import { MetaError, unknownName } from "@metalearn/core";
import type { Example } from "../data/example.js";
import type { TaskType } from "../data/settings.js";
import type { Source, SourceRow } from "./readSource.js";

/** Roles of the data's columns. */
interface Columns {
  readonly input: readonly string[];
  readonly output: string;
  readonly options?: string | undefined;
}

/** The user's description of the data. */
export interface Reading {
  readonly input?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly options?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly type?: TaskType | undefined;
}

/** A user's data as examples. */
export interface ReadExamples {
  readonly type: TaskType;
  readonly columns: Columns;
  /** Labels of a classification task, in the order of all rows' options; empty for other types. */
  readonly labels: readonly string[];
  readonly train: readonly Example[];
  readonly test: readonly Example[];
}

const usualInputs = ["input", "text", "sentence", "question", "content"];
const usualOutputs = ["output", "label", "answer", "target", "answers"];

/** Largest number of different answers that are taken for labels. */
const mostLabels = 32;

/**
 * Converts rows to examples. Answers may be texts, numbers of labels that have names, or, where a row has
 * options, the options' numbers from 0, their letters, or their own labels, as in `choices: {text, label}`.
 *
 * @throws MetaError `UNKNOWN_NAME` for a column that does not exist; `BAD_DATA`, naming the row
 */
export function toExamples({ train, test, labels: known }: Source, reading: Reading): ReadExamples {
  const first = train[0] ?? test[0];
  if (!first) throw new MetaError("BAD_DATA", "The data has no rows.");
  const columns = columnsOf(first, reading);
  const names = reading.labels ?? known[columns.output];
  const read = (rows: readonly SourceRow[]) => rows.map((row) => readRow(row, columns, names));
  const [shown, asked] = [read(train), read(test)];
  const answers = [...new Set([...shown, ...asked].map(({ outputs }) => outputs[0].trim()))];
  const type = reading.type ?? guessType(columns, answers, shown.length + asked.length, names);
  if (type === "multi-choice" && columns.options === undefined) {
    throw new MetaError(
      "BAD_OPTION",
      "A task of the type multi-choice needs --options, the column of its options.",
    );
  }
  const labels = type === "classification" ? [...(names ?? answers.toSorted())] : [];
  const labelled = (examples: readonly Example[]) =>
    examples.map((example) =>
      type === "classification" ? { ...example, options: labels } : example,
    );
  return { type, columns, labels, train: labelled(shown), test: labelled(asked) };
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

function columnsOf({ row }: SourceRow, { input, output, options }: Reading): Columns {
  const known = Object.keys(row);
  const usual = (names: readonly string[], what: string) => {
    const found = names.find((name) => known.includes(name));
    if (found !== undefined) return found;
    throw new MetaError(
      "BAD_OPTION",
      `No column is called ${names.join(", ")}. Say with --${what} which one is the ${what}: ${known.join(", ")}.`,
    );
  };
  for (const name of [...(input ?? []), output, options]) {
    if (name !== undefined && valueAt(row, name) === undefined)
      throw unknownName("column", name, known);
  }
  return {
    input: input && input.length > 0 ? input : [usual(usualInputs, "input")],
    output: output ?? usual(usualOutputs, "output"),
    options,
  };
}

function readRow(
  { at, row }: SourceRow,
  columns: Columns,
  names: readonly string[] | undefined,
): Example {
  const text = (column: string) => textOf(valueAt(row, column), at, column);
  const input = columns.input.map(text).join(" [SEP] ");
  const given = valueAt(row, columns.output);
  const options = columns.options === undefined ? [] : listOf(row, columns.options, at);
  const answers = (Array.isArray(given) ? given : [given]).map((answer) => {
    const written = textOf(answer, at, columns.output);
    if (columns.options !== undefined) {
      return optionOf(written, options, choiceLabels(row, columns.options), at);
    }
    if (!names) return written;
    const name = /^\d+$/.test(written) ? names[Number(written)] : written;
    if (name !== undefined && names.includes(name)) return name;
    throw bad(
      at,
      `expected one of the labels ${names.join(", ")} as the answer, got ${JSON.stringify(written)}`,
    );
  });
  const [answer, ...others] = [...new Set(answers)];
  if (answer === undefined || answer === "") throw bad(at, `the column ${columns.output} is empty`);
  return { input, outputs: [answer, ...others], options };
}

/** Option that an answer refers to: by its text, its label (`A`), or its number from 0. */
function optionOf(
  answer: string,
  options: readonly string[],
  labels: readonly string[] | undefined,
  at: string,
): string {
  const letter = /^[A-Z]$/.test(answer) ? answer.charCodeAt(0) - 65 : undefined;
  const number = /^\d+$/.test(answer) ? Number(answer) : undefined;
  const places = [
    options.indexOf(answer),
    labels?.indexOf(answer),
    labels ? undefined : (letter ?? number),
  ];
  const place = places.find((index) => index !== undefined && index >= 0 && index < options.length);
  if (place !== undefined) return options[place] as string;
  throw bad(
    at,
    `expected one of the options ${JSON.stringify(options)} as the answer, got ${JSON.stringify(answer)}`,
  );
}

/**
 * Labels in the field `label` beside `text`, as Hugging Face's data sets write options with their letters.
 */
function choiceLabels(row: SourceRow["row"], column: string): string[] | undefined {
  if (!column.endsWith(".text")) return undefined;
  const labels = valueAt(row, `${column.slice(0, -".text".length)}.label`);
  return Array.isArray(labels) ? labels.map(String) : undefined;
}

function listOf(row: SourceRow["row"], column: string, at: string): string[] {
  const value = valueAt(row, column);
  const list = typeof value === "string" && value.startsWith("[") ? parseList(value) : value;
  if (Array.isArray(list)) return list.map((option) => textOf(option, at, column));
  throw bad(at, `the column ${column}: expected a list of options, got ${JSON.stringify(value)}`);
}

function parseList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Value of a column, or of `b` within the column `a` for `a.b`. */
function valueAt(row: SourceRow["row"], column: string): unknown {
  if (Object.hasOwn(row, column)) return row[column];
  return column.split(".").reduce<unknown>((value, key) => {
    const within = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    return within ? (value as Record<string, unknown>)[key] : undefined;
  }, row);
}

function textOf(value: unknown, at: string, column: string): string {
  if (typeof value === "string") return value.trim();
  if (["number", "bigint", "boolean"].includes(typeof value)) return String(value);
  throw bad(
    at,
    `the column ${column}: expected text, got ${value === undefined ? "nothing" : JSON.stringify(value)}`,
  );
}

function bad(at: string, problem: string): MetaError {
  return new MetaError("BAD_DATA", `${at}: ${problem}.`);
}
