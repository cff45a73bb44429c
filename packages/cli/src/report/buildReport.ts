import type { TrackerRecord } from "@metalearn/core";
import {
  type ComparedRun,
  learnerMetricPrefix,
  readMetrics,
  summarizeRuns,
} from "@metalearn/core/runs";
import { configDifferences } from "./configDifferences.js";
import { pairedDifferences } from "./pairedDifferences.js";
import type { CurvePoint, Report, ReportSetting, ReportText } from "./report.js";
import { warningsOf } from "./warnings.js";

/** Combines finished runs into a report, by setting and method. */
export async function buildReport(
  runs: readonly ComparedRun[],
  { title = "Comparison of meta-learners", note }: ReportText = {},
  /** Sentences on runs that are not in the report. */
  leftOut: readonly string[] = [],
): Promise<Report> {
  const damage: string[] = [];
  const all = await Promise.all(
    runs.map(async (run) => ({
      method: methodOf(run),
      run,
      curve: await curveOf(run, (message) => damage.push(message)),
    })),
  );
  const names = [...new Set(all.map(({ run }) => settingOf(run)))];
  const settings = names.map((name): ReportSetting => {
    const own = all.filter(({ run }) => settingOf(run) === name);
    const rows = summarizeRuns(own.map(({ method, run }) => ({ ...run, name: method })));
    const runsOf = (wanted: string) =>
      own.filter(({ method }) => method === wanted).map(({ run }) => run);
    const byMethod = new Map(rows.map((row) => [row.name, runsOf(row.name)]));
    const firstConfigs = [...byMethod.values()].map(([first]) => first?.record.config ?? {});
    return {
      name,
      runs: own,
      rows,
      differences: pairedDifferences(byMethod),
      configDifferences: configDifferences(firstConfigs),
    };
  });
  const warnings = [...leftOut, ...damage.sort(), ...settings.flatMap(warningsOf)];
  return { title, ...(note !== undefined && { note }), settings, warnings };
}

/** Setting of a run's tasks, or the name of the task source where there are no settings. */
function settingOf({ record }: ComparedRun): string {
  const { use, setting } = record.config.tasks;
  return typeof setting === "string" ? setting : use;
}

/**
 * A sweep over settings puts them into run names (`maml,setting=hr_to_lr`): each method would then have a
 * single setting.
 */
function methodOf(run: ComparedRun): string {
  const parts = run.name.split(",").filter((part) => part !== `setting=${settingOf(run)}`);
  return parts.length > 0 ? parts.join(",") : run.name;
}

async function curveOf(
  { directory }: ComparedRun,
  onDamage: (message: string) => void,
): Promise<CurvePoint[]> {
  const lines = await readMetrics(directory, onDamage);
  return lines.flatMap((line) => {
    const { batches, tokens, seconds, loss, devScore } = line;
    return typeof loss === "number"
      ? [
          {
            batches: Number(batches),
            tokens: Number(tokens),
            seconds: Number(seconds),
            loss,
            ...(typeof devScore === "number" && { devScore }),
            metrics: learnerMetrics(line),
          },
        ]
      : [];
  });
}

/** The learner's own metrics in a line, without those that were not finite. */
function learnerMetrics(line: TrackerRecord): Record<string, number> {
  return Object.fromEntries(
    Object.entries(line).flatMap(([name, value]) =>
      name.startsWith(learnerMetricPrefix) && typeof value === "number"
        ? [[name.slice(learnerMetricPrefix.length), value]]
        : [],
    ),
  );
}
