import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { agreement } from "./agreement.js";
import { today } from "./machine.js";
import type { Sample } from "./measure.js";
import { median } from "./median.js";
import { type Row, rows, type Side } from "./rows.js";
import { smollm2Rows } from "./smollm2Rows.js";

/** Measurements of a row. */
export interface RowResult {
  readonly date: string;
  readonly rounds: number;
  readonly sides: readonly SideResult[];
  /** Sentences about findings that are not in the table. */
  readonly notes: readonly string[];
}

interface SideResult {
  readonly label: string;
  /** Seconds of each round. */
  readonly seconds: readonly number[];
  readonly peakMiB: readonly number[];
}

/** All rows of a model that were measured on one machine with one set of versions, by name. */
interface Results {
  readonly machine: string;
  readonly rows: Readonly<Record<string, RowResult>>;
}

/** The rows of each model. */
export const rowsOf = { gpt2: rows, smollm2: smollm2Rows } as const;

/** One of {@link rowsOf}. */
export type ModelName = keyof typeof rowsOf;

const titles: Readonly<Record<ModelName, string>> = {
  gpt2: "GPT-2 small",
  smollm2: "SmolLM2-135M's shape",
};

const data = join(import.meta.dirname, "results.json");
const page = join(import.meta.dirname, "RESULTS.md");

/** True for the name of a model. */
export function isModel(name: string): name is ModelName {
  return Object.hasOwn(rowsOf, name);
}

/**
 * Adds a row to the results, as data and as a page. Other rows of the model are kept if they were measured on this
 * machine with these versions; those of other models stay as they are.
 */
export async function writeResult(
  model: ModelName,
  machine: string,
  name: string,
  result: RowResult,
): Promise<void> {
  const stored: Partial<Record<ModelName, Results>> = existsSync(data)
    ? JSON.parse(await readFile(data, "utf8"))
    : {};
  const known = stored[model]?.machine === machine ? stored[model].rows : {};
  const all = { ...stored, [model]: { machine, rows: { ...known, [name]: result } } };
  await writeFile(data, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(page, resultsPage(all));
}

function resultsPage(results: Partial<Record<ModelName, Results>>): string {
  const heading =
    "# Results\n\nWritten by `npm run bench`; [how to read it](../docs/performance.md). Random weights, one sequence of 256 tokens of which 8 are scored, float32 unless said otherwise. " +
    "In every round each side runs once, in a process of its own; the tables show medians over rounds. A run of updates gives the median of its updates after one to warm up. Peak memory is that of the whole process.";
  const parts = Object.entries(rowsOf).flatMap(([model, rows]) => {
    const measured = results[model as ModelName];
    if (!measured) return [];
    const tables = rows.flatMap((row) => {
      const result = measured.rows[row.name];
      return result ? [table(row, result)] : [];
    });
    return [`${titles[model as ModelName]}: ${measured.machine}`, ...tables];
  });
  return [heading, ...parts].join("\n\n");
}

/** A row's result from the samples of each side, one per round, and sentences about their agreement. */
export function summarize(
  { ours }: Row,
  samples: ReadonlyMap<Side, readonly Sample[]>,
  agreements: readonly string[],
): RowResult {
  const sides = [...samples].map(([{ label }, taken]) => ({
    label,
    seconds: taken.map(({ seconds }) => seconds),
    peakMiB: taken.map(({ peakMiB }) => peakMiB),
  }));
  const own = samples.get(ours[0] as Side)?.[0]?.scores;
  const notes = [...samples].flatMap(([{ label }, [first]]) =>
    first ? notesOn(label, first, own) : [],
  );
  const rounds = sides[0]?.seconds.length ?? 0;
  return { date: today(), rounds, sides, notes: [...notes, ...agreements] };
}

/** @param reference scores that the others are compared with */
function notesOn(
  label: string,
  { cosine, compiling, scores }: Sample,
  reference: Sample["scores"],
): string[] {
  const notes: string[] = [];
  if (cosine !== undefined) {
    notes.push(
      `Cosine between the meta-gradients in bfloat16 and float32, warm moments: ${cosine.toFixed(5)}.`,
    );
  }
  if (compiling) {
    const { shapes, seconds } = compiling;
    notes.push(
      `The time of ${label} includes ${seconds.toFixed(1)} s in which ${shapes} shapes are compiled and read for the first time.`,
    );
  }
  if (reference && scores && scores !== reference) notes.push(agreement(label, reference, scores));
  return notes;
}

/** A row as a table in Markdown. */
export function table({ title, goal }: Row, { date, rounds, sides, notes }: RowResult): string {
  const [own] = sides;
  const ratio = (side: SideResult, of: "seconds" | "peakMiB") =>
    (median(side[of]) / median(own?.[of] ?? [])).toFixed(2);
  const lines = sides.map((side) => {
    const { label, seconds, peakMiB } = side;
    const range = `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`;
    const cells = [
      label,
      median(seconds).toFixed(3),
      range,
      ratio(side, "seconds"),
      Math.round(median(peakMiB)),
      ratio(side, "peakMiB"),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `## ${title}`,
    "",
    "| | seconds | range | times ours | peak MiB | times ours |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
    ...notes.flatMap((note) => [note, ""]),
    `Goal: ${goal}. Rounds: ${rounds}, ${date}.`,
    "",
  ].join("\n");
}
