import type { ComparedRun, ComparisonRow } from "@metalearn/core/runs";
import type { ConfigDifference } from "./configDifferences.js";
import type { PairedDifference } from "./pairedDifferences.js";

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
