import { mean } from "@metalearn/core";
import { barX, gridX, line, type PlotOptions, plot, ruleX, text, tickX } from "@observablehq/plot";
import { Window } from "happy-dom";
import { percent } from "../terminalTables.js";
import type { CurvePoint, ReportRun, ReportSetting } from "./report.js";

/** Colours of methods on the page, repeated after the last one. */
const colours = Array.from({ length: 16 }, (_, i) => `var(--series-${i + 1})`);

/** Dash patterns, because colour alone must not tell lines apart. */
export const dashes = ["none", "6 3", "2 3", "8 3 2 3"];

/** Every name keeps its colour in all charts, also in those that show only some of the names. */
function colourScale(names: readonly string[], shown = names) {
  return {
    domain: [...shown],
    range: shown.map((name) => colours[names.indexOf(name) % colours.length] ?? ""),
  };
}

/** Label of the axis of batches. */
export const stepsLabel = "steps (batches read)";

/**
 * Size, x axis and colours of a chart of curves.
 *
 * @param names of all methods
 * @param curves those that the chart shows
 * @param label of the x axis
 */
export function curveFrame(
  names: readonly string[],
  curves: readonly { readonly method: string }[],
  label: string,
) {
  const drawn = names.filter((name) => curves.some(({ method }) => method === name));
  return {
    width: 320,
    height: 260,
    marginLeft: 48,
    marginBottom: 40,
    x: { label, tickFormat: "~s", ticks: 4 },
    color: { legend: true, ...colourScale(names, drawn) },
  };
}

interface Axis {
  readonly title: string;
  readonly label: string;
  of(point: CurvePoint): number;
}

/** Learning curves against batches, tokens and wall time; empty where nothing was trained. */
export function curveCharts({ rows, runs }: Pick<ReportSetting, "rows" | "runs">): string[] {
  const curves = runs.filter(({ curve }) => curve.length > 0);
  if (curves.length === 0) return [];
  const names = rows.map(({ name }) => name);
  const hasTokens = curves.some(({ curve }) => curve.some(({ tokens }) => tokens > 0));
  const longest = Math.max(...curves.map(({ curve }) => curve.at(-1)?.seconds ?? 0));
  const axes: Axis[] = [
    { title: "steps", label: stepsLabel, of: ({ batches }) => batches },
    ...(hasTokens
      ? [
          {
            title: "tokens",
            label: "tokens read (tokens, padding included)",
            of: ({ tokens }: CurvePoint) => tokens,
          },
        ]
      : []),
    { title: "wall time", ...timeAxis(longest) },
  ];
  const losses = curves.flatMap(({ curve }) => curve.map(({ loss }) => loss));
  const y = {
    label: `query loss (${lossUnit(runs)})`,
    grid: true,
    tickFormat: "~g",
    ticks: 5,
    // Over less than a factor of ten, a logarithmic scale would leave ticks without labels.
    ...(Math.min(...losses) > 0 &&
      Math.max(...losses) >= 10 * Math.min(...losses) && { type: "log" as const }),
  };
  return axes.map(({ title, label, of }) =>
    renderChart({
      ariaLabel: `Query loss against ${title}`,
      ariaDescription: `The query loss of each training run against ${title}: ${curves
        .map(
          ({ method, run, curve }) =>
            `${method}, seed ${run.seed}, ends at ${curve.at(-1)?.loss.toPrecision(3)}`,
        )
        .join("; ")}.`,
      ...curveFrame(names, curves, label),
      y,
      marks: curveLines(names, curves, { x: of, y: ({ loss }) => loss }),
    }),
  );
}

/** A line per run, in the colour and dashes of its method. */
export function curveLines(
  names: readonly string[],
  runs: readonly ReportRun[],
  channels: Readonly<Record<"x" | "y", (point: CurvePoint) => number | undefined>>,
) {
  return names.flatMap((name, i) =>
    runs
      .filter(({ method }) => method === name)
      .map(({ run, curve }) =>
        line(curve, {
          ...channels,
          stroke: () => name,
          strokeWidth: 1.75,
          strokeDasharray: dashes[i % dashes.length],
          title: () => `${name}, seed ${run.seed}`,
        }),
      ),
  );
}

/** Unit of wall time that fits the longest run. */
function timeAxis(longest: number): Pick<Axis, "label" | "of"> {
  const [unit, seconds] =
    longest < 120 ? ["s", 1] : longest < 7200 ? ["min", 60] : (["h", 3600] as [string, number]);
  return {
    label: `training time (${unit})`,
    of: (point) => point.seconds / Number(seconds),
  };
}

/** Axis label of the loss: regression episodes have squared errors, everything else has cross-entropies. */
function lossUnit(runs: readonly ReportRun[]): string {
  const metrics = runs.flatMap(({ run }) => run.evaluation.tasks.map(({ metric }) => metric));
  return metrics.every((metric) => metric === "r2") ? "squared error" : "nats";
}

interface TaskPoint {
  readonly task: string;
  readonly name: string;
  readonly mean: number;
  readonly worst: number;
  readonly chance: number;
}

/** Bar chart of every task's mean score, averaged over training seeds, one bar per method. */
export function taskChart(
  { runs, rows }: Pick<ReportSetting, "rows" | "runs">,
  width: number,
): string {
  const names = rows.map(({ name }) => name);
  const points = names.flatMap((name) =>
    taskPoints(
      name,
      runs.filter(({ method }) => method === name),
    ),
  );
  const tasks = [...new Set(points.map(({ task }) => task))];
  const best = (task: string) =>
    Math.max(...points.filter((point) => point.task === task).map(({ mean }) => mean));
  const order = tasks.toSorted((a, b) => best(b) - best(a));
  const chance = order.map((task) => points.find((point) => point.task === task) as TaskPoint);
  const thickness = 9;
  const band = thickness * names.length;
  const gap = 10;
  // On a phone, long names would leave no room for bars, so that they stand above them.
  const isNarrow = width < 500;
  const longest = Math.max(...order.map((task) => task.length));
  const top = isNarrow ? 16 : 0;
  const row = (i: number) => ({
    insetTop: top + gap / 2 + i * thickness,
    insetBottom: gap / 2 + band - (i + 1) * thickness + 1,
  });
  return renderChart({
    ariaLabel: "Scores by task",
    ariaDescription:
      "A bar for the score of each method on each target task, in percent. The same numbers are in the table of all scores.",
    width,
    height: 70 + (band + gap + top) * order.length,
    marginLeft: isNarrow ? 10 : 12 + 7 * longest,
    marginRight: 20,
    marginBottom: 40,
    // r2 can be below 0.
    x: {
      label: "score (%)",
      domain: [Math.min(0, ...points.map(({ mean }) => Math.floor(100 * mean))), 100],
    },
    y: { label: null, domain: order, padding: 0, tickSize: 0, ...(isNarrow && { axis: null }) },
    color: { legend: true, ...colourScale(names) },
    marks: [
      gridX({ strokeOpacity: 0.15 }),
      ...names.flatMap((own, i) => {
        const data = points.filter(({ name }) => name === own);
        return [
          barX(data, {
            x1: 0,
            x2: ({ mean }: TaskPoint) => 100 * mean,
            y: "task",
            fill: "name",
            ...row(i),
            title: ({ task, name, mean, worst }: TaskPoint) =>
              `${task}, ${name}: mean ${percent(mean)} %, worst ${percent(worst)} %`,
          }),
          tickX(data, {
            x: ({ worst }: TaskPoint) => 100 * worst,
            y: "task",
            stroke: "var(--ink)",
            strokeWidth: 2,
            ...row(i),
          }),
        ];
      }),
      tickX(chance, {
        x: ({ chance }: TaskPoint) => 100 * chance,
        y: "task",
        stroke: "var(--ink)",
        strokeDasharray: "3 2",
        insetTop: top + gap / 2 - 3,
        insetBottom: gap / 2 - 3,
        title: ({ task, chance }: TaskPoint) => `${task}: random answers ${percent(chance)} %`,
      }),
      ruleX([0]),
      ...(isNarrow
        ? [
            text(order, {
              frameAnchor: "left",
              y: (task: string) => task,
              text: (task: string) => task,
              textAnchor: "start",
              dx: 3,
              dy: -(band + gap) / 2 + 2,
              fill: "currentColor",
            }),
          ]
        : []),
    ],
  });
}

/** Scores of one method by task, averaged over its training seeds. */
function taskPoints(name: string, runs: readonly ReportRun[]): TaskPoint[] {
  const evaluations = runs.map(({ run }) => run.evaluation);
  return (evaluations[0]?.tasks ?? []).map(({ task }) => {
    const own = evaluations.flatMap(({ tasks }) => tasks.filter((score) => score.task === task));
    return {
      task,
      name,
      mean: mean(own.map((score) => score.mean)),
      worst: mean(own.map((score) => score.worst)),
      chance: mean(own.map((score) => score.chance)),
    };
  });
}

/** Renders a chart as markup that needs no script and takes its colours from the page. */
export function renderChart(options: PlotOptions): string {
  const window = new Window();
  try {
    const document = window.document as unknown as PlotOptions["document"];
    const chart = plot({
      ...options,
      document,
      style: { background: "none", fontSize: "12px", overflow: "visible" },
    });
    // Plot labels its parts but gives them no role; without one, screen readers ignore labels.
    for (const element of [chart, ...chart.querySelectorAll("[aria-label]")]) {
      const isPicture = element.getAttribute("aria-label") === options.ariaLabel;
      if (element.tagName === "g") element.setAttribute("role", "group");
      else if (isPicture && options.ariaLabel) element.setAttribute("role", "img");
    }
    return chart.outerHTML;
  } finally {
    window.close();
  }
}
