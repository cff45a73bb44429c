import { dot, line } from "@observablehq/plot";
import { percent } from "../terminalTables.js";
import { curveFrame, dashes, renderChart, stepsLabel } from "./charts.js";
import type { CurvePoint, ReportSetting } from "./report.js";

/** Point of a run's curve at which dev tasks were scored. */
interface Judged extends CurvePoint {
  readonly devScore: number;
}

/** Scores on dev tasks against batches; undefined where no run was validated. */
export function validationChart({
  rows,
  runs,
}: Pick<ReportSetting, "rows" | "runs">): string | undefined {
  const curves = runs.flatMap(({ method, run, curve }) => {
    const points = curve.filter((point): point is Judged => point.devScore !== undefined);
    return points.length > 0 ? [{ method, seed: run.seed, points, best: bestOf(points) }] : [];
  });
  if (curves.length === 0) return undefined;
  const names = rows.map(({ name }) => name);
  const title = ({ method, seed }: (typeof curves)[number]) => `${method}, seed ${seed}`;
  return renderChart({
    ariaLabel: "Score on dev tasks against steps",
    ariaDescription: `The score of each training run on dev tasks, against the batches that it has read: ${curves
      .map((curve) => `${title(curve)} is best at ${percent(curve.best.devScore)} %`)
      .join("; ")}.`,
    ...curveFrame(names, curves, stepsLabel),
    y: { label: "score on dev tasks (%)", grid: true, ticks: 5 },
    marks: curves.flatMap((curve) => {
      const channels = {
        x: "batches",
        y: ({ devScore }: Judged) => 100 * devScore,
        stroke: () => curve.method,
      };
      const dash = dashes[names.indexOf(curve.method) % dashes.length];
      return [
        line(curve.points, {
          ...channels,
          strokeWidth: 1.75,
          strokeDasharray: dash,
          title: () => title(curve),
        }),
        dot([curve.best], { ...channels, fill: () => curve.method, r: 3.5 }),
      ];
    }),
  });
}

/** First of the highest points. */
function bestOf(points: readonly Judged[]): Judged {
  return points.reduce((best, point) => (point.devScore > best.devScore ? point : best));
}
