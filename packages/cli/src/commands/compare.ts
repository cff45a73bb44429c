import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { counted, MetaError, messageOf } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import { type ComparisonOutcome, compareRuns, runPath } from "@metalearn/core/runs";
import { outFolder, requireBegun } from "../chosenRuns.js";
import type { ConfigFlags } from "../flags.js";
import { onInterrupt } from "../interrupt.js";
import { launchRuns, openLauncher } from "../launch/launchRuns.js";
import { printPlan } from "../plan/printPlan.js";
import { openProgress, type Progress } from "../progress/progress.js";
import { renderReport } from "../report/page.js";
import { openSession, type Session } from "../session.js";
import { comparisonTable } from "../terminalTables.js";

/** Flags of `metalearn compare`. */
export interface CompareFlags extends ConfigFlags {
  readonly seeds?: readonly number[];
  readonly dryRun: boolean;
  readonly parallel?: number;
  readonly resume?: boolean;
}

/**
 * Trains and evaluates every run of a config, prints the table and writes the report.
 *
 * @throws MetaError `RUNS_FAILED` when some have failed, after the report on the others
 */
export async function compare(changes: readonly string[], flags: CompareFlags): Promise<void> {
  const session = await openSession(flags.config, changes, { seeds: flags.seeds });
  const { config, toolkit, file, runs } = session;
  const out = outFolder(config.out);
  if (flags.dryRun) return printPlan({ toolkit, runs, out, configFile: file });
  if (flags.resume) requireBegun(runs.map((run) => runPath(out, run)));
  const launcher = await openLauncher(session, flags.parallel);

  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  try {
    const { failures, ...comparison } = launcher
      ? await launchRuns(launcher, session, { out, signal, say: progress.say })
      : await compareInTurn(session, { out, signal, progress });
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
    if (failures.length > 0) {
      const list = failures.map(({ error }) => `- ${messageOf(error)}`).join("\n");
      throw new MetaError(
        "RUNS_FAILED",
        `${failures.length} of ${counted(runs.length, "run")} failed, and ${failures.length === 1 ? "is" : "are"} not in the report:\n${list}\nRun the same command again to repeat only what is missing.`,
      );
    }
  } finally {
    progress.end();
    release();
  }
}

/** Carries out all runs in this process. */
function compareInTurn(
  { toolkit, file: configFile, runs }: Session,
  { out, signal, progress }: { out: string; signal: AbortSignal; progress: Progress },
): Promise<ComparisonOutcome> {
  return compareRuns({
    toolkit,
    runs,
    out,
    configFile,
    signal,
    onRun: ({ name, config }, i) =>
      progress.begin(`[${i + 1}/${runs.length}] ${name}, seed ${config.seed}`),
    onEvent: (_, event) => progress.update(event),
    onFailure: ({ error }) => progress.say(messageOf(error)),
  });
}
