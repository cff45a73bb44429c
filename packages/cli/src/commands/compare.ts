import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { compareRuns, writeTextAtomically } from "@metalearn/core";
import { onInterrupt } from "../interrupt.js";
import { outFolder } from "../outFolder.js";
import { printPlan } from "../plan/printPlan.js";
import { openProgress } from "../progress/progress.js";
import { renderReport } from "../report/report.js";
import { parseSeeds } from "../seeds.js";
import { openSession } from "../session.js";
import { comparisonTable } from "../tables.js";

/** Flags of `metalearn compare`. */
export interface CompareFlags {
  readonly config?: string;
  readonly seeds?: string;
  readonly dryRun: boolean;
}

/** Trains and evaluates every run of a config, prints the table and writes the report. */
export async function compare(changes: readonly string[], flags: CompareFlags): Promise<void> {
  const seeds = flags.seeds === undefined ? undefined : parseSeeds(flags.seeds);
  const { config, toolkit, file, runs } = await openSession(flags.config, changes, seeds);
  const out = outFolder(config.out);
  if (flags.dryRun) return printPlan({ toolkit, runs, out, configFile: file });

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
    await writeTextAtomically(
      join(out, "comparison.json"),
      `${JSON.stringify(comparison, null, 2)}\n`,
    );
    await writeTextAtomically(page, await renderReport(comparison, config.compare));
    console.log(comparisonTable(comparison));
    console.log(`Report: ${relative(process.cwd(), page)}  (${pathToFileURL(page)})`);
  } finally {
    progress.end();
    release();
  }
}
