import { MetaError } from "@metalearn/core";
import type { Example } from "../data/example.js";
import { shortList } from "../data/shortList.js";
import { atRow } from "../data/taskFile.js";
import type { ExampleEncoder, ExampleTokens } from "../prompt/exampleEncoder.js";
import { tokenArena } from "../tokens/tokenArena.js";
import { buildTokenTable, type TokenTable, tableSize, tableTokens } from "../tokens/tokenTable.js";

/** Examples that a task offers to meta-training. */
export interface TrainingExamples {
  readonly name: string;
  /** File with the examples, one per line. */
  readonly path: string;
  readonly examples: readonly Example[];
}

/** A meta-training task as tokens. */
export interface TrainingTask {
  readonly name: string;
  /** Number of rows. */
  readonly size: number;
  /** Texts of the rows, which are kept from the first call on. */
  examples(): readonly Example[];
  /** A row with each of its options, and the index of the right one; for rows that have options. */
  question(row: number, first: boolean): TrainingQuestion;
  /** Tokens of a row at the beginning of a sequence (`first`) or after other examples. */
  tokens(row: number, first: boolean): ExampleTokens;
}

/** A row as a question. */
interface TrainingQuestion {
  readonly options: readonly ExampleTokens[];
  readonly gold: number;
}

/** Encoder of a task's rows. */
export interface TaskEncoding {
  readonly encoder: ExampleEncoder;
  readonly vocabularySize: number;
}

/** Training task that is tokenized already. */
export function tokenisedTask(
  { name, table, reread }: { name: string; table: TokenTable; reread(): readonly Example[] },
  encoder: ExampleEncoder,
): TrainingTask {
  return {
    name,
    size: tableSize(table),
    ...texts(name, reread, encoder),
    tokens: (row, first) => tableTokens(table, row, first),
  };
}

/** Tokenizes all rows. @throws MetaError `BAD_DATA`, naming file and line, when a row cannot be encoded */
export function tokenise(
  { name, path, examples }: TrainingExamples,
  { encoder, vocabularySize }: TaskEncoding,
): TokenTable {
  checkRows({ name, path, examples }, encoder);
  return buildTokenTable(examples.length, vocabularySize, (row, first) =>
    encoder.answered(examples[row] as Example, { task: name, first }),
  );
}

/**
 * Training task that encodes each row when it is first read, and keeps the tokens: training begins at once,
 * and no row is encoded twice.
 *
 * @throws MetaError `BAD_DATA`, naming file and line, when a row could not be encoded later
 */
export function lazyTask(
  { name, path, examples }: TrainingExamples,
  { encoder, vocabularySize }: TaskEncoding,
): TrainingTask {
  checkRows({ name, path, examples }, encoder);
  const arena = tokenArena(vocabularySize);
  const slots = 2 * examples.length; // each row, first and not first
  const starts = new Int32Array(slots).fill(-1);
  const conditioningLengths = new Int32Array(slots);
  const scoredLengths = new Int32Array(slots);

  const encode = (row: number, first: boolean, slot: number) => {
    const tokens = encoder.answered(examples[row] as Example, { task: name, first });
    starts[slot] = arena.add(tokens.conditioning);
    arena.add(tokens.scored);
    conditioningLengths[slot] = tokens.conditioning.length;
    scoredLengths[slot] = tokens.scored.length;
  };

  return {
    name,
    size: examples.length,
    ...texts(name, () => examples, encoder),
    tokens(row, first) {
      const slot = 2 * row + (first ? 0 : 1);
      if (starts[slot] === -1) encode(row, first, slot);
      const start = starts[slot] as number;
      const border = conditioningLengths[slot] as number;
      return {
        conditioning: arena.read(start, border),
        scored: arena.read(start + border, scoredLengths[slot] as number),
      };
    },
  };
}

function texts(
  task: string,
  read: () => readonly Example[],
  encoder: ExampleEncoder,
): Pick<TrainingTask, "examples" | "question"> {
  let known: readonly Example[] | undefined;
  const examples = () => {
    known ??= read();
    return known;
  };
  return {
    examples,
    question(row, first) {
      const example = examples()[row] as Example;
      const right = example.outputs[0].trim();
      return {
        options: encoder.perAnswer(example, example.options, { task, first }),
        gold: example.options.findIndex((option) => option.trim() === right),
      };
    },
  };
}

function checkRows({ name, path, examples }: TrainingExamples, encoder: ExampleEncoder): void {
  examples.forEach((example, row) => {
    const use = { task: name, answers: [example.outputs[0]], isScored: true };
    atRow(path, row, () => encoder.check(example, use));
  });
}

/**
 * Checks that every task has enough rows.
 *
 * @throws MetaError `BAD_DATA` when a task has too few rows for a sequence: `shots` demonstrations and one
 *   example to learn from
 */
export function checkEnoughRows(
  tasks: readonly { readonly name: string; readonly size: number }[],
  shots: number,
): void {
  const small = tasks.filter(({ size }) => size < shots + 1);
  if (small.length === 0) return;
  const list = shortList(small.map(({ name, size }) => `${name} (${size})`));
  throw new MetaError(
    "BAD_DATA",
    `With ${shots} shots every training task needs at least ${shots + 1} rows, but these have fewer: ${list}. Lower shots, raise maxExamplesPerTask, or remove them from the setting.`,
  );
}
