import { mean } from "@metalearn/core";
import { curveFrame, curveLines, renderChart, stepsLabel } from "./charts.js";
import type { ReportRun, ReportSetting } from "./report.js";
import type { ReportTable } from "./tables.js";

type Setting = Pick<ReportSetting, "rows" | "runs">;

/** Curves of the learners' own metrics against batches, a chart for each; empty where no learner logs any. */
export function metricCharts({ rows, runs }: Setting): string[] {
  const names = rows.map(({ name }) => name);
  return metricNames(runs).map((metric) => {
    const logged = runs.filter((run) => finalValue(run, metric) !== undefined);
    return renderChart({
      ariaLabel: `${metric} against steps`,
      ariaDescription: `The metric ${metric} of each training run against the batches that it has read: ${logged
        .map(
          (run) =>
            `${run.method}, seed ${run.run.seed}, ends at ${finalValue(run, metric)?.toPrecision(3)}`,
        )
        .join("; ")}.`,
      ...curveFrame(names, logged, stepsLabel),
      y: { label: metric, grid: true, tickFormat: "~g", ticks: 5 },
      marks: curveLines(names, logged, {
        x: ({ batches }) => batches,
        y: ({ metrics }) => metrics[metric],
      }),
    });
  });
}

/** Last values of the learners' own metrics; undefined where no learner logs any. */
export function metricTable({ rows, runs }: Setting): ReportTable | undefined {
  const metrics = metricNames(runs);
  if (metrics.length === 0) return undefined;
  const cell = (method: string, metric: string) => {
    const values = runs
      .filter((run) => run.method === method)
      .flatMap((run) => finalValue(run, metric) ?? []);
    return values.length > 0 ? mean(values).toPrecision(4) : "";
  };
  return {
    head: ["method", ...metrics],
    rows: rows.map(({ name }) => ({
      cells: [name, ...metrics.map((metric) => cell(name, metric))],
    })),
    caption:
      "What the learners log themselves, at the end of training, averaged over training seeds. A learner without a metric leaves its cell empty.",
  };
}

function metricNames(runs: readonly ReportRun[]): string[] {
  return [
    ...new Set(runs.flatMap(({ curve }) => curve.flatMap(({ metrics }) => Object.keys(metrics)))),
  ];
}

/** Last value of a metric in a run, if it has any. */
function finalValue({ curve }: ReportRun, metric: string): number | undefined {
  return curve.findLast(({ metrics }) => metrics[metric] !== undefined)?.metrics[metric];
}
