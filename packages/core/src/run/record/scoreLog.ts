import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { appendText } from "../../checkpoint/files.js";
import type { ScoreStore } from "../../evaluate/evaluate.js";
import type { SeedScore } from "../../evaluate/scores.js";
import { openLine, sealLine } from "./sealedLine.js";

const lineSchema = z.strictObject({
  /** Hash of everything that the score depends on, except task and seed ({@link scoreKey}). */
  key: z.string(),
  task: z.string(),
  seed: z.int(),
  score: z.number(),
  questions: z.int(),
  chance: z.number(),
  accuracy: z.number().optional(),
  goldLoss: z.number().optional(),
  freeForm: z
    .strictObject({ "exact-match": z.number(), "qa-f1": z.number(), "rouge-l": z.number() })
    .optional(),
});

type Line = z.output<typeof lineSchema>;

/** SHA-256 of everything that scores depend on, as hexadecimal digits. */
export function scoreKey(identity: unknown): string {
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex");
}

/**
 * Opens a file of scores as JSON lines, one per task and seed, appended as they are computed, each with the
 * checksum of its text. Lines that are damaged, such as one that was being written when the process was killed,
 * are skipped, and their scores computed again.
 *
 * @param key the {@link scoreKey} of this evaluation. Scores under other keys stay in the file and are not found.
 */
export async function openScoreLog(file: string, key: string): Promise<ScoreStore> {
  const text = await readFile(file, "utf8").catch(() => "");
  const known = new Map<string, SeedScore>();
  for (const { key: of, task, ...score } of text.split("\n").flatMap(parse)) {
    if (of === key) known.set(name(task, score.seed), score);
  }
  return {
    find: (task, seed) => known.get(name(task, seed)),
    async add(task, score) {
      const line: Line = { key, task, ...score };
      // A newline first, so that this line does not join an incomplete one.
      await appendText(file, `\n${sealLine(line)}`);
    },
  };
}

function name(task: string, seed: number): string {
  return JSON.stringify([task, seed]);
}

function parse(line: string): Line | [] {
  return lineSchema.safeParse(openLine(line, true)).data ?? [];
}
