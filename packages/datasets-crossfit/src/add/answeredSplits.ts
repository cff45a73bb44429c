import { counted, MetaError, randomFor } from "@metalearn/core";
import { badRow, valueAt } from "./columns.js";
import type { Source, SourceRow } from "./readSource.js";

/** Rows to train on or to show, and rows to test on, all with answers. */
export interface AnsweredSplits {
  readonly train: readonly SourceRow[];
  readonly test: readonly SourceRow[];
  readonly remarks: readonly string[];
}

/** The choice of rows. */
export interface Splitting {
  readonly task: string;
  /** Column of the answers. */
  readonly output: string;
  /** Names of labels, where the data or the user gives them. */
  readonly names: readonly string[] | undefined;
  /** False if the task is only trained on, so that rows to test on are not missed. */
  readonly isTested: boolean;
  /** Number of rows to hold out where the data has no test split. @default a fifth, at most 1000 */
  readonly testRows?: number | undefined;
}

/**
 * Chooses the rows to test on: the test split; where it has no answers, as hidden test splits have not, the validation
 * split; else rows held out of the training rows. Single rows without an answer are left out.
 *
 * An answer is missing if it is empty, null or NaN. `-1` and `?`, with which published data sets hide answers, count as
 * missing in a split for testing if the training rows do not have them, and everywhere if labels have names, all of
 * which occur. One answer of a whole test split that the training rows do not know is missing, too, if there is a
 * validation split.
 *
 * @throws MetaError `BAD_DATA` when no training row has an answer; `BAD_OPTION` when no row would be left to train on
 */
export function answeredSplits(
  { path, ...source }: Source,
  { task, output, names, isTested, testRows }: Splitting,
): AnsweredSplits {
  const remarks: string[] = [];
  const answersOf = (rows: readonly SourceRow[]) => rows.map(({ row }) => valueAt(row, output));
  const given = answersOf(source.train).filter((answer) => !isEmpty(answer));
  const known = knownAnswers(given, names);
  const answered = (split: string, rows: readonly SourceRow[]) => {
    const isMissing = ({ row }: SourceRow) => {
      const answer = valueAt(row, output);
      return isEmpty(answer) || (isMarker(answer) && !known.has(written(answer)));
    };
    const kept = rows.filter((row) => !isMissing(row));
    const first = rows.find(isMissing);
    if (first && kept.length > 0) {
      remarks.push(
        `${rows.length - kept.length} of ${rows.length} rows of the ${split} split have no answer and are left out, first ${first.at}.`,
      );
    }
    return kept;
  };

  const train = answered("training", source.train);
  const [first] = source.train;
  if (first && train.length === 0) throw badRow(first.at, `the column ${output} is empty`);
  const test = answered("test", source.test);
  const isHidden = source.test.length > 0 && test.length === 0;
  if (isHidden && !isTested) return { train, test: [], remarks };
  const validation = answered("validation", source.validation);
  const stranger = validation.length > 0 ? onlyStranger(answersOf(test), known, names) : undefined;
  if (test.length > 0 && stranger === undefined) return { train, test, remarks };
  if (source.test.length > 0) {
    const reason =
      stranger === undefined
        ? "The test split has no answers"
        : `Every answer of the test split is ${JSON.stringify(stranger)}, which no training row has`;
    const instead = validation.length > 0 ? "the validation split" : "rows of the training split";
    remarks.push(`${reason}: ${instead} will be tested on.`);
  }
  if (validation.length > 0) return { train, test: validation, remarks };
  return { ...divide(train, { path, task, testRows }), remarks };
}

/** Answers of training rows that are meant as such: with names of labels, markers are not, if every label occurs. */
function knownAnswers(
  answers: readonly unknown[],
  names: readonly string[] | undefined,
): ReadonlySet<string> {
  const others = new Set(answers.filter((answer) => !isMarker(answer)).map(written));
  if (names && others.size >= names.length) return new Set([...others, ...names]);
  return new Set([...answers.map(written), ...(names ?? [])]);
}

/** An answer's text; -1 is the same as a whole and a decimal number. */
function written(answer: unknown): string {
  return String(answer)
    .trim()
    .replace(/^-1\.0*$/, "-1");
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isEmpty);
  if (typeof value === "string") return value.trim() === "";
  return value === undefined || value === null || Number.isNaN(value);
}

function isMarker(answer: unknown): boolean {
  return ["-1", "?"].includes(written(answer));
}

/** The only answer of several rows, if neither the training rows nor the labels' names have it. */
function onlyStranger(
  answers: readonly unknown[],
  known: ReadonlySet<string>,
  names: readonly string[] | undefined,
): string | undefined {
  const [text = "", ...others] = new Set(answers.map(written));
  const isIndex = names !== undefined && /^\d+$/.test(text) && Number(text) < names.length;
  return answers.length < 2 || others.length > 0 || known.has(text) || isIndex ? undefined : text;
}

function divide(
  rows: readonly SourceRow[],
  { path, task, testRows }: { path: string; task: string; testRows?: number | undefined },
): Pick<AnsweredSplits, "train" | "test"> {
  const count = testRows ?? Math.min(1_000, Math.floor(rows.length / 5));
  if (count >= rows.length) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected more than ${counted(count, "row")}, to hold out ${count} for testing, got ${rows.length} in ${path}.`,
    );
  }
  const shuffled = randomFor("test split", task).shuffle(rows);
  return { test: shuffled.slice(0, count), train: shuffled.slice(count) };
}
