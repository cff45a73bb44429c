import { messageOf } from "@metalearn/core";
import type { TaskType } from "./settings.js";

/** One row of a task. */
export interface Example {
  readonly input: string;
  /** Acceptable answers. The first is the one that prompts show. */
  readonly outputs: readonly [string, ...string[]];
  /** Options to choose from; empty for free-form answers. */
  readonly options: readonly string[];
}

/** Properties of a file that each of its rows is checked against. */
export interface ExampleContext {
  readonly task: string;
  readonly taskType: TaskType;
  /** First row of the file, whose options every row of a classification task should repeat. */
  readonly first: Example | undefined;
}

/** An error in a row. The caller, which knows the file and the line, adds them. */
export class RowProblem extends Error {}

/**
 * Reads one line of a data file: a JSON object with `task`, `input`, `output` and `options`.
 *
 * @throws RowProblem
 */
export function parseExample(line: string, { task, taskType, first }: ExampleContext): Example {
  const row = parseObject(line);
  const name = text(row, "task");
  if (name !== task) {
    throw bad(`"task": expected ${show(task)}, the folder's name, got ${show(name)}`);
  }
  const input = text(row, "input");
  const outputs = answers(row);
  // Rows of a file mostly repeat their options, so that they share one list in memory.
  const options = sameOptions(row.options, first?.options) ?? optionList(row);
  if (taskType === "classification" && first && options !== first.options) {
    throw bad(
      `"options": expected ${show(first.options)}, as in the first row of this classification task, got ${show(options)}`,
    );
  }
  if (taskType === "classification" && options.length === 0) {
    throw bad(`a classification task needs "options", but the list is empty`);
  }
  const stranger = outputs.find((output) => !isAmong(output, options));
  if (options.length > 0 && stranger !== undefined) {
    throw bad(`"output": expected one of the options ${show(options)}, got ${show(stranger)}`);
  }
  return { input, outputs, options };
}

type Row = Readonly<Record<string, unknown>>;

function parseObject(line: string): Row {
  if (line.trim() === "") throw bad("expected a JSON object, got an empty line");
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    throw bad(`expected a JSON object, but the line is not JSON: ${messageOf(cause)}`);
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw bad(`expected a JSON object, got ${show(row)}`);
  }
  return row as Row;
}

function text(row: Row, key: string): string {
  const value = field(row, key);
  if (typeof value !== "string") {
    throw bad(`"${key}": expected a string, got ${show(value)}`);
  }
  return value;
}

function answers(row: Row): Example["outputs"] {
  const output = field(row, "output");
  const list: unknown = typeof output === "string" ? [output] : output;
  if (isStringList(list) && list.length > 0) return list as [string, ...string[]];
  throw bad(`"output": expected a string or a list of acceptable strings, got ${show(output)}`);
}

function optionList(row: Row): readonly string[] {
  const options = field(row, "options");
  if (isStringList(options)) return options;
  throw bad(
    `"options": expected a list of strings ([] for free-form answers), got ${show(options)}`,
  );
}

function field(row: Row, key: string): unknown {
  if (!(key in row)) throw bad(`"${key}" is missing`);
  return row[key];
}

function sameOptions(
  value: unknown,
  known: readonly string[] | undefined,
): readonly string[] | undefined {
  const isSame =
    known !== undefined &&
    Array.isArray(value) &&
    value.length === known.length &&
    known.every((option, i) => option === value[i]);
  return isSame ? known : undefined;
}

/** Compares answers as the scorer does: without surrounding white space. */
function isAmong(output: string, options: readonly string[]): boolean {
  return options.includes(output) || options.some((option) => option.trim() === output.trim());
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function show(value: unknown): string {
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 100 ? `${shown.slice(0, 97)}...` : shown;
}

function bad(problem: string): RowProblem {
  return new RowProblem(problem);
}
