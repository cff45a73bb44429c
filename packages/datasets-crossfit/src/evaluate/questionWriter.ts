import type { CutQuestion, Question, TokenSequence } from "@metalearn/core";
import type { Example } from "../data/example.js";
import { nearestRows } from "../data/nearestRows.js";
import { atRow } from "../data/taskFile.js";
import type { DemonstrationChoice } from "../options.js";
import { assembleSequence } from "../prompt/assembleSequence.js";
import type { ExampleEncoder, ExampleTokens } from "../prompt/exampleEncoder.js";

/** Examples, and the file that messages name. */
export interface Rows {
  readonly path: string;
  readonly examples: readonly Example[];
}

/** Format of questions. */
export interface WriterOptions {
  readonly task: string;
  readonly encoder: ExampleEncoder;
  /** Number of demonstrations before each question: the first rows, in their order. */
  readonly shots: number;
  /** `nearest` shows each question the most similar rows, the most similar one last. */
  readonly demonstrations: DemonstrationChoice;
  readonly maxTokens: number;
}

/** Writes the questions of a task with some rows as demonstrations. */
export interface QuestionWriter {
  /**
   * One sequence for each possible answer to a question.
   *
   * @param neutral replaces the input by `N/A`, after the same demonstrations
   */
  sequences(asked: AskedRow, neutral?: boolean): TokenSequence[];
  /** A row as a question, whose answers are its options. */
  question(asked: AskedRow): Question;
  /** A row as a question whose answer is generated. */
  freeFormQuestion(asked: Omit<AskedRow, "answers">): Question;
  /** Indices of the rows that demonstrations are taken from; without demonstrations, all rows. */
  readonly supportRows: readonly number[];
  /** These rows as examples to learn from, each with the others as its demonstrations. */
  support(): TokenSequence[];
}

/** A row with the answers to choose from. */
interface AskedRow {
  readonly rows: Rows;
  readonly row: number;
  readonly answers: readonly string[];
}

/** Stands for an input without content. Source: MetaICL's published code. */
const neutralInput = "N/A";

/** Writer of questions whose demonstrations are rows of `train`. */
export function questionWriter(train: Rows, options: WriterOptions): QuestionWriter {
  const { task, encoder, shots, maxTokens } = options;
  const rows = supportRows(train, options);
  const demonstrations = demonstrationsOf(train, rows, options);
  const written = ({ rows, row, answers }: AskedRow, neutral = false) => {
    const example = rows.examples[row] as Example;
    const shown = neutral ? { ...example, input: neutralInput } : example;
    const place = { task, first: shots === 0 };
    const candidates = atRow(rows.path, row, () => encoder.perAnswer(shown, answers, place));
    const newestFirst = demonstrations(example);
    return {
      sequences: candidates.map((query) => assembleSequence({ newestFirst, query, maxTokens })),
      ...cutOf(newestFirst, candidates, maxTokens),
    };
  };
  return {
    sequences: (asked, neutral) => written(asked, neutral).sequences,
    question: (asked) => ({
      options: asked.answers.map((answer) => answer.trim()),
      gold: (asked.rows.examples[asked.row] as Example).outputs.map((output) => output.trim()),
      ...written(asked),
    }),
    freeFormQuestion({ rows, row }) {
      const example = rows.examples[row] as Example;
      const place = { task, first: shots === 0 };
      const query = atRow(rows.path, row, () => encoder.unanswered(example, place));
      const newestFirst = demonstrations(example);
      return {
        options: [],
        sequences: [],
        gold: example.outputs.map((output) => output.trim()),
        prompt: assembleSequence({ newestFirst, query, maxTokens }).ids,
        ...cutOf(newestFirst, [query], maxTokens),
      };
    },
    supportRows: rows,
    support: () =>
      rows.map((row) => {
        const example = train.examples[row] as Example;
        const newestFirst = demonstrations(example, row);
        const place = { task, first: newestFirst.length === 0 };
        const query = atRow(train.path, row, () => encoder.answered(example, place));
        return assembleSequence({ newestFirst, query, maxTokens });
      }),
  };
}

/** Parts that lost tokens, of the candidate that left the least room for demonstrations. */
function cutOf(
  demonstrations: readonly ExampleTokens[],
  candidates: readonly ExampleTokens[],
  maxTokens: number,
): Pick<Question, "cut"> {
  const size = ({ conditioning, scored }: ExampleTokens) => conditioning.length + scored.length;
  const sum = (sizes: readonly number[]) => sizes.reduce((total, own) => total + own, 0);
  const input = candidates[0]?.cut?.();
  const encoded = sum(demonstrations.map(size));
  const kept = Math.min(encoded, maxTokens - Math.max(...candidates.map(size)));
  const isCut = kept < encoded || demonstrations.some(({ cut }) => cut);
  if (!input && !isCut) return {};
  const lost = demonstrations.map(({ cut }) => (cut ? cut().of - cut().kept : 0));
  const cut: CutQuestion = {
    ...(input && { input }),
    ...(isCut && { demonstrations: { kept, of: encoded + sum(lost) } }),
    limits: ["maxExampleTokens", "maxTokens"],
  };
  return { cut };
}

function supportRows(
  { examples }: Rows,
  { shots, demonstrations }: WriterOptions,
): readonly number[] {
  const all = [...examples.keys()];
  return shots === 0 || demonstrations === "nearest" ? all : all.slice(0, shots);
}

/**
 * Demonstrations for examples, last one first. An example that is itself row `itself` is shown the other
 * rows.
 */
function demonstrationsOf(
  { path, examples }: Rows,
  rows: readonly number[],
  { task, shots, encoder, demonstrations }: WriterOptions,
): (example: Example, itself?: number) => readonly ExampleTokens[] {
  const encode = (rows: readonly number[]) =>
    rows
      .map((row, place) =>
        atRow(path, row, () =>
          encoder.answered(examples[row] as Example, { task, first: place === 0 }),
        ),
      )
      .reverse();
  if (shots === 0) return () => [];
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
