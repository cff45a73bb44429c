import type { ComparedRun, ComparisonRow } from "@metalearn/core/runs";
import type { ConfigDifference } from "./configDifferences.js";
import type { PairedDifference } from "./pairedDifferences.js";

/** Title and description of a report. */
export interface ReportText {
  readonly title?: string | undefined;
  /** Paragraph below the title, for example on the source of the data. */
  readonly note?: string | undefined;
}

/** A point of a learning curve. */
export interface CurvePoint {
  /** Totals since the beginning of the run. */
  readonly batches: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Mean query loss of the meta-updates since the previous point. */
  readonly loss: number;
  /** Score on dev tasks, at most 1; absent where they were not scored. */
  readonly devScore?: number;
  /** The learner's own metrics, by name: means since the previous point. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A run of a report. */
export interface ReportRun {
  /** Name without the setting, which a sweep puts into it. */
  readonly method: string;
  readonly run: ComparedRun;
  readonly curve: readonly CurvePoint[];
}

/** Results of one setting: a division of tasks into training and target tasks. */
export interface ReportSetting {
  /** Name, for example `hr_to_lr`; that of the task source where there are no settings. */
  readonly name: string;
  readonly runs: readonly ReportRun[];
  /** One row per method, over all its training seeds. */
  readonly rows: readonly ComparisonRow[];
  readonly differences: readonly PairedDifference[];
  /** Differences between the first runs of each method, in the order of `rows`. */
  readonly configDifferences: readonly ConfigDifference[];
}

/** Contents of a report, in any format. */
export interface Report extends ReportText {
  readonly title: string;
  /** Settings in order of first appearance. */
  readonly settings: readonly ReportSetting[];
  readonly warnings: readonly string[];
}
