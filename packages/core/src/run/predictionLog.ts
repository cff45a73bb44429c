import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { writeTextAtomically } from "../checkpoint/files.js";
import type { AnswerStore, ScoreStore } from "../evaluate/evaluate.js";

const lineSchema = z.strictObject({
  task: z.string(),
  seed: z.int(),
  /** Its place among the questions of the task, from 0. */
  question: z.int(),
  prediction: z.string(),
  correct: z.boolean(),
  /** Acceptable answers. */
  gold: z.array(z.string()),
  options: z.array(z.string()),
  /** Of each option, to seven digits; the lowest is the answer. */
  scores: z.array(z.number()),
});

/** The answer to one question: a line of a file of predictions. */
export type PredictionLine = z.output<typeof lineSchema>;

/** Answers in a file. */
export interface PredictionLog extends AnswerStore {
  readonly file: string;
}

/** The lines of a file of predictions; what was cut off or is of another kind does not count. */
export async function readPredictions(file: string): Promise<PredictionLine[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").flatMap(parse);
}

/**
 * Answers in a file of JSON lines, to which those of a task and seed are added together.
 *
 * @param scores those of the same evaluation. Answers without one, whose writing was perhaps cut off, are
 *   removed; without scores the file begins anew
 */
export async function openPredictionLog(
  file: string,
  scores?: Pick<ScoreStore, "find">,
): Promise<PredictionLog> {
  const before = scores ? await readPredictions(file) : [];
  const counts = new Map<string, number>();
  for (const line of before) counts.set(name(line), (counts.get(name(line)) ?? 0) + 1);
  const isWhole = (line: Pick<PredictionLine, "task" | "seed">) =>
    scores?.find(line.task, line.seed)?.questions === counts.get(name(line));
  const kept = before.filter(isWhole);
  const known = new Set(kept.map(name));
  if (!scores || kept.length < before.length) await writeTextAtomically(file, linesOf(kept));
  else await mkdir(dirname(file), { recursive: true });
  return {
    file,
    has: (task, seed) => known.has(name({ task, seed })),
    async add(task, seed, answers) {
      const lines = answers.map(({ prediction, correct, gold, options, scores }, question) => ({
        ...{ task, seed, question, prediction, correct, gold, options },
        scores: scores.map((score) => Number(score.toPrecision(7))), // what float32 holds
      }));
      await appendFile(file, linesOf(lines));
      known.add(name({ task, seed }));
    },
  };
}

function linesOf(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function name({ task, seed }: Pick<PredictionLine, "task" | "seed">): string {
  return JSON.stringify([task, seed]);
}

function parse(line: string): PredictionLine[] {
  try {
    return [lineSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
