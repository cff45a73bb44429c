import type { Comparison } from "@metalearn/core";
import { dot, gridX, gridY, line, type PlotOptions, plot, tickX } from "@observablehq/plot";
import { Window } from "happy-dom";
import { percent } from "../tables.js";

const width = 920;

/** One measurement of training. */
export interface LossPoint {
  readonly name: string;
  readonly seed: number;
  readonly batches: number;
  readonly loss: number;
}

/**
 * Loss against batches read: one line per run, one colour per name.
 *
 * @param names all names of the report, so that each has the same colour in every chart
 */
export function lossChart(points: readonly LossPoint[], names: readonly string[]): string {
  return renderChart({
    ariaLabel: "Meta-training loss",
    ariaDescription: "The mean query loss of each run against the batches that it has read.",
    width,
    height: 340,
    x: { label: "batches read", tickFormat: "~s" },
    y: { label: "loss", type: "log", grid: true, tickFormat: "~g" },
    color: { legend: true, domain: [...names] },
    marks: [
      line(points, {
        x: "batches",
        y: "loss",
        stroke: "name",
        z: (point: LossPoint) => `${point.name} ${point.seed}`,
        strokeOpacity: 0.85,
        title: (point: LossPoint) => `${point.name}, seed ${point.seed}`,
      }),
    ],
  });
}

interface TaskPoint {
  readonly task: string;
  readonly name: string;
  readonly mean: number;
  readonly worst: number;
  readonly chance: number;
}

/** Every task's mean score, averaged over training seeds, one dot per name; the tick is chance. */
export function taskChart({ runs, rows }: Comparison): string {
  const points = rows.flatMap(({ name }) => taskPoints(runs.filter((run) => run.name === name)));
  const tasks = [...new Set(points.map(({ task }) => task))];
  const best = (task: string) =>
    Math.max(...points.filter((point) => point.task === task).map(({ mean }) => mean));
  const order = tasks.toSorted((a, b) => best(b) - best(a));
  const chance = order.map((task) => points.find((point) => point.task === task) as TaskPoint);
  return renderChart({
    ariaLabel: "Scores by task",
    ariaDescription:
      "The score of each method on each task that was not trained on, times 100. A grey tick marks random answers.",
    width,
    height: 60 + (14 + 4 * rows.length) * order.length,
    marginLeft: 12 + 7 * Math.max(...order.map((task) => task.length)),
    // r2 can be below 0.
    x: {
      label: "score × 100",
      domain: [Math.min(0, ...points.map(({ mean }) => 100 * mean)), 100],
    },
    y: { label: null, domain: order },
    color: { legend: true, domain: rows.map(({ name }) => name) },
    marks: [
      gridX({ strokeOpacity: 0.15 }),
      gridY({ strokeOpacity: 0.1 }),
      tickX(chance, {
        x: ({ chance }: TaskPoint) => 100 * chance,
        y: "task",
        stroke: "currentColor",
        strokeOpacity: 0.5,
        title: ({ task, chance }: TaskPoint) => `${task}: random answers ${percent(chance)}`,
      }),
      // Equal scores must not hide each other: every method has its own line within the task's row.
      ...rows.map(({ name: own }, i) =>
        dot(
          points.filter(({ name }) => name === own),
          {
            x: ({ mean }: TaskPoint) => 100 * mean,
            y: "task",
            dy: 4 * (i - (rows.length - 1) / 2),
            fill: "name",
            r: 4.5,
            title: ({ task, name, mean, worst }: TaskPoint) =>
              `${task}, ${name}: mean ${percent(mean)}, worst ${percent(worst)}`,
          },
        ),
      ),
    ],
  });
}

/** The scores of one name, averaged over its training seeds. */
function taskPoints(runs: Comparison["runs"]): TaskPoint[] {
  const [first] = runs;
  if (!first) return [];
  return first.evaluation.tasks.map(({ task }) => {
    const own = runs.flatMap(({ evaluation }) => evaluation.tasks.filter((t) => t.task === task));
    const mean = (of: (score: (typeof own)[number]) => number) =>
      own.reduce((sum, score) => sum + of(score), 0) / own.length;
    return {
      task,
      name: first.name,
      mean: mean((score) => score.mean),
      worst: mean((score) => score.worst),
      chance: mean((score) => score.chance),
    };
  });
}

/** A chart as markup that needs no script and takes its colours from the page. */
export function renderChart(options: PlotOptions): string {
  const window = new Window();
  try {
    const document = window.document as unknown as PlotOptions["document"];
    const chart = plot({
      ...options,
      document,
      style: { background: "none", fontSize: "12px", overflow: "visible" },
    });
    return chart.outerHTML;
  } finally {
    window.close();
  }
}
