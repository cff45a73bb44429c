import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { appendText, writeTextAtomically } from "../../checkpoint/files.js";
import type { AnswerStore, ScoreStore } from "../../evaluate/evaluate.js";

const place = { task: z.string(), seed: z.int() };
const index = z.int().min(0);

const questionLine = z.strictObject({
  ...place,
  /** Index among the questions of the task, from 0. */
  question: index,
  prediction: z.string(),
  correct: z.boolean(),
  /** Acceptable answers. */
  gold: z.array(z.string()),
  options: z.array(z.string()),
  /** One per option, to seven digits; the lowest is the answer. */
  scores: z.array(z.number()),
});

/** A class index, or a vector of numbers. */
const output = z.union([z.number(), z.array(z.number())]);

const queryLine = z.strictObject({
  ...place,
  /** Index of the episode, and of the query example in it, both from 0. */
  episode: index,
  query: index,
  prediction: output,
  target: output,
  /** One per class, to seven digits; the highest is the prediction. */
  scores: z.array(z.number()).optional(),
});

/** The answer to one question: a line in a file of predictions. */
export type PredictionLine = z.output<typeof questionLine>;

/** The prediction for one query example of an episode: a line in a file of predictions. */
export type EpisodePredictionLine = z.output<typeof queryLine>;

type Line = PredictionLine | EpisodePredictionLine;
type Place = Pick<Line, "task" | "seed">;

/** An {@link AnswerStore} in a file. */
export interface PredictionLog extends AnswerStore {
  readonly file: string;
}

/** Reads the answers to questions from a file. Incomplete lines, and lines of another kind, are skipped. */
export async function readPredictions(file: string): Promise<PredictionLine[]> {
  return (await readLines(file)).filter((line) => "question" in line);
}

/** Reads the predictions for queries of episodes from a file, in the same way. */
export async function readEpisodePredictions(file: string): Promise<EpisodePredictionLine[]> {
  return (await readLines(file)).filter((line) => "query" in line);
}

async function readLines(file: string): Promise<Line[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").flatMap(parse);
}

/**
 * Opens a file of answers as JSON lines. All answers of a task and seed are appended together.
 *
 * @param scores the scores of the same evaluation. Answers that have no score may be incomplete and are
 *   removed. Without `scores`, the file is emptied.
 */
export async function openPredictionLog(
  file: string,
  scores?: Pick<ScoreStore, "find">,
): Promise<Required<PredictionLog>> {
  const before = scores ? await readLines(file) : [];
  const counts = new Map<string, number>();
  for (const line of before) counts.set(name(line), (counts.get(name(line)) ?? 0) + 1);
  const isWhole = (line: Place) =>
    scores?.find(line.task, line.seed)?.questions === counts.get(name(line));
  const kept = before.filter(isWhole);
  const known = new Set(kept.map(name));
  if (!scores || kept.length < before.length) await writeTextAtomically(file, linesOf(kept));
  else await mkdir(dirname(file), { recursive: true });
  const append = async (of: Place, lines: readonly object[]) => {
    await appendText(file, linesOf(lines));
    known.add(name(of));
  };
  return {
    file,
    has: (task, seed) => known.has(name({ task, seed })),
    add: (task, seed, answers) =>
      append(
        { task, seed },
        answers.map(({ prediction, correct, gold, options, scores }, question) => ({
          ...{ task, seed, question, prediction, correct, gold, options },
          scores: scores.map(float32),
        })),
      ),
    addEpisodes: (task, seed, answers) =>
      append(
        { task, seed },
        answers.map(({ episode, query, prediction, target, scores }) => ({
          ...{ task, seed, episode, query },
          prediction: rounded(prediction),
          target: rounded(target),
          ...(scores && { scores: scores.map(float32) }),
        })),
      ),
  };
}

function rounded(output: number | readonly number[]): number | number[] {
  return typeof output === "number" ? output : output.map(float32);
}

/** Rounds to seven significant digits, the precision of float32. */
function float32(value: number): number {
  return Number(value.toPrecision(7));
}

function linesOf(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function name({ task, seed }: Place): string {
  return JSON.stringify([task, seed]);
}

function parse(line: string): Line[] {
  try {
    return [z.union([questionLine, queryLine]).parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
