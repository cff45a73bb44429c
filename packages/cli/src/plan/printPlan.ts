import { type NamedRun, planRun, resolveRun, runPath, type Toolkit } from "@metalearn/core/runs";
import { openProgress } from "../progress/progress.js";
import { type PlannedRun, planTable } from "./planTable.js";

/** Runs to estimate. */
interface PlanOptions {
  readonly toolkit: Toolkit;
  readonly runs: readonly NamedRun[];
  /** Folder that would hold one directory per run. */
  readonly out: string;
  readonly configFile: string | undefined;
}

/** Prints the plan of each run: `--dry-run`. Runs that differ only in their seed are estimated once. */
export async function printPlan({ toolkit, out, configFile, ...options }: PlanOptions) {
  const runs = options.runs.map((run) => resolveRun(toolkit, run));
  const names = [...new Set(runs.map(({ name }) => name))];
  const planned: PlannedRun[] = [];
  const progress = openProgress();
  try {
    for (const name of names) {
      const [first, ...others] = runs.filter((run) => run.name === name) as [NamedRun];
      progress.begin(`plan ${name}`);
      const shared = { toolkit, configFile, onEvent: progress.update };
      const plan = await planRun({ ...shared, ...first, directory: runPath(out, first) });
      planned.push({ plan, seeds: 1 + others.length });
    }
  } finally {
    progress.end();
  }
  console.log(planTable(planned));
}
