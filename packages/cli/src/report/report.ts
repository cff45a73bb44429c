import { type ComparedRun, type ComparisonRow, readMetrics, summarizeRuns } from "@metalearn/core";
import { type ConfigDifference, configDifferences } from "./configDifferences.js";
import { type PairedDifference, pairedDifferences } from "./pairedDifferences.js";
import { warningsOf } from "./warnings.js";

/** What a report says about itself. */
export interface ReportText {
  readonly title?: string | undefined;
  /** A paragraph below the title, for example on where the data comes from. */
  readonly note?: string | undefined;
}

/** A point of a learning curve. */
export interface CurvePoint {
  /** Totals since the beginning of the run. */
  readonly batches: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Mean query loss of the meta-updates since the point before. */
  readonly loss: number;
  /** On dev tasks, where they were scored: at most 1. */
  readonly devScore?: number;
}

/** A run of a report. */
export interface ReportRun {
  /** Its name without the setting, where a sweep has put that into it. */
  readonly method: string;
  readonly run: ComparedRun;
  readonly curve: readonly CurvePoint[];
}

/** What was found in one setting: a division of tasks into training and target tasks. */
export interface ReportSetting {
  /** For example `hr_to_lr`; what gives the tasks where there are no settings. */
  readonly name: string;
  readonly runs: readonly ReportRun[];
  /** A row per method, over all its training seeds. */
  readonly rows: readonly ComparisonRow[];
  readonly differences: readonly PairedDifference[];
  /** Between the first run of each method, in the order of `rows`. */
  readonly configDifferences: readonly ConfigDifference[];
}

/** All that is reported, whatever the format. */
export interface Report extends ReportText {
  readonly title: string;
  /** In the order in which they first come. */
  readonly settings: readonly ReportSetting[];
  readonly warnings: readonly string[];
}

/** Puts finished runs together, by setting and method. */
export async function buildReport(
  runs: readonly ComparedRun[],
  { title = "Comparison of meta-learners", note }: ReportText = {},
  /** Directories of runs that are not finished. */
  unfinished: readonly string[] = [],
): Promise<Report> {
  const all = await Promise.all(
    runs.map(async (run) => ({ method: methodOf(run), run, curve: await curveOf(run) })),
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
  const missing = unfinished.map((directory) => `Not finished, and left out: ${directory}.`);
  const warnings = [...missing, ...settings.flatMap(warningsOf)];
  return { title, ...(note !== undefined && { note }), settings, warnings };
}

/** The setting that a run's tasks have, or what gives them. */
function settingOf({ record }: ComparedRun): string {
  const { use, setting } = record.config.tasks;
  return typeof setting === "string" ? setting : use;
}

/** A sweep over settings names them in its runs (`maml,setting=hr_to_lr`): no method would have two. */
function methodOf(run: ComparedRun): string {
  const parts = run.name.split(",").filter((part) => part !== `setting=${settingOf(run)}`);
  return parts.length > 0 ? parts.join(",") : run.name;
}

async function curveOf({ directory }: ComparedRun): Promise<CurvePoint[]> {
  const lines = await readMetrics(directory);
  return lines.flatMap(({ batches, tokens, seconds, loss, devScore }) =>
    typeof loss === "number"
      ? [
          {
            batches: Number(batches),
            tokens: Number(tokens),
            seconds: Number(seconds),
            loss,
            ...(typeof devScore === "number" && { devScore }),
          },
        ]
      : [],
  );
}
