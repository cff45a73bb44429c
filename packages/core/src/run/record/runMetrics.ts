import { readFile } from "node:fs/promises";
import { z } from "zod";
import { appendText, writeTextAtomically } from "../../checkpoint/files.js";
import type { TrackerRecord } from "../../contracts/tracker.js";
import { type RunDirectory, runDirectory } from "./runDirectory.js";
import { openLine, sealLine } from "./sealedLine.js";

const lineSchema = z
  .object({ update: z.int().min(0) })
  .catchall(z.union([z.number(), z.string(), z.boolean(), z.null()]));

/** Appends one line of metrics. */
export async function appendMetrics(files: RunDirectory, record: TrackerRecord): Promise<void> {
  await appendText(files.metrics, `${sealLine(record)}\n`);
}

/**
 * Reads the metrics of a run, oldest first. Lines that are damaged, and an incomplete last line, are left out.
 *
 * @param path the run's directory
 * @param onDamage called once with a sentence that names the damaged lines, if there are any
 */
export async function readMetrics(
  path: string,
  onDamage?: (message: string) => void,
): Promise<TrackerRecord[]> {
  const { metrics } = runDirectory(path);
  const text = await readFile(metrics, "utf8").catch(() => "");
  // Text after the last newline is empty, or was being written when the run was killed.
  const lines = text.split("\n").slice(0, -1);
  const read = lines.map((line) => lineSchema.safeParse(openLine(line, false)));
  const damaged = read.flatMap(({ success }, i) => (success ? [] : [i + 1]));
  if (damaged.length > 0) {
    const shown = damaged.slice(0, 5).join(", ") + (damaged.length > 5 ? ", ..." : "");
    onDamage?.(
      `${metrics}: ${damaged.length} of ${lines.length} lines are damaged and left out (line ${shown}). Curves and totals lack them; checkpoints and scores do not depend on them.`,
    );
  }
  return read.flatMap(({ data }) => data ?? []);
}

/** Merges metrics into the last line. */
export async function amendMetrics(files: RunDirectory, more: TrackerRecord): Promise<void> {
  const lines = await readMetrics(files.path);
  await writeMetrics(files, [...lines.slice(0, -1), { ...lines.at(-1), ...more }]);
}

/**
 * Deletes metrics of updates after `update`, that of the checkpoint from which a run resumes, and damaged lines.
 *
 * @param onDamage see {@link readMetrics}
 */
export async function rewindMetrics(
  files: RunDirectory,
  update: number,
  onDamage?: (message: string) => void,
): Promise<void> {
  const lines = await readMetrics(files.path, onDamage);
  await writeMetrics(
    files,
    lines.filter((line) => Number(line.update) <= update),
  );
}

async function writeMetrics(files: RunDirectory, lines: readonly TrackerRecord[]): Promise<void> {
  await writeTextAtomically(files.metrics, lines.map((line) => `${sealLine(line)}\n`).join(""));
}
