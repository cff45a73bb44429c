import { mkdir } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { compareRuns, writeTextAtomically } from "@metalearn/core";
import { onInterrupt } from "../interrupt.js";
import { openProgress } from "../progress/progress.js";
import { renderReport } from "../report/page.js";
import { parseSeeds } from "../seeds.js";
import { openSession } from "../session.js";
import { comparisonTable } from "../tables.js";

/** Flags of `metalearn compare`. */
export interface CompareFlags {
  readonly config?: string;
  readonly seeds?: string;
}

/** Trains and evaluates every run of a config, prints the table and writes the report. */
export async function compare(changes: readonly string[], flags: CompareFlags): Promise<void> {
  const seeds = flags.seeds === undefined ? undefined : parseSeeds(flags.seeds);
  const { config, toolkit, file, runs } = await openSession(flags.config, changes, seeds);
  const out = resolve(config.out);
  await mkdir(out, { recursive: true });

  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  try {
    const comparison = await compareRuns({
      toolkit,
      runs,
      out,
      configFile: file,
      signal,
      notify: progress.say,
      onRun: ({ name, config }, i) =>
        progress.begin(`[${i + 1}/${runs.length}] ${name}, seed ${config.seed}`),
      onEvent: (_, event) => progress.update(event),
    });
    progress.end();
    const page = join(out, "report.html");
    const text = { title: config.compare?.title, note: config.compare?.note };
    await writeTextAtomically(
      join(out, "comparison.json"),
      `${JSON.stringify({ ...text, ...comparison }, null, 2)}\n`,
    );
    await writeTextAtomically(page, await renderReport(comparison, text));
    console.log(comparisonTable(comparison));
    console.log(`Report: ${relative(process.cwd(), page)}  (${pathToFileURL(page)})`);
  } finally {
    progress.end();
    release();
  }
}
