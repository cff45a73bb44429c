import { renderChart } from "@metalearn/cli";
import { dot, line, ruleY } from "@observablehq/plot";
import { type Axis, axes } from "./axes.js";

/** A measured setting. */
export interface GrowthPoint {
  /** Name of its axis. */
  readonly axis: string;
  readonly x: number;
  readonly work: string;
  readonly seconds: number;
  readonly peakMiB: number;
}

const quantities = [
  { label: "seconds", of: ({ seconds }: GrowthPoint) => seconds },
  { label: "peak memory, GiB", of: ({ peakMiB }: GrowthPoint) => peakMiB / 1024 },
];
const works = [
  { name: "metaicl", label: "MetaICL step", color: "#c2570c" },
  { name: "maml2", label: "second-order meta-update", color: "#2563a8" },
];
const [width, height, legendHeight] = [270, 220, 34];

/**
 * Time and memory of an update against each axis, as a self-contained SVG. All scales are linear and begin at
 * zero: a straight line through the origin is proportional growth.
 */
export function growthPlot(points: readonly GrowthPoint[]): string {
  const panels = quantities.flatMap((quantity, row) =>
    axes.map((axis, column) => {
      const own = points.filter((point) => point.axis === axis.name);
      const chart = panel(axis, quantity, own);
      return `<g transform="translate(${column * width} ${legendHeight + row * height})">${chart}</g>`;
    }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${axes.length * width} ${legendHeight + 2 * height}" font-family="system-ui, sans-serif" font-size="12">`,
    "<title>Time and peak memory of one update</title>",
    '<rect width="100%" height="100%" fill="white"/>',
    ...legend(),
    ...panels,
    "</svg>\n",
  ].join("\n");
}

function panel(
  { label }: Axis,
  quantity: (typeof quantities)[number],
  points: readonly GrowthPoint[],
): string {
  const at = { x: "x", y: quantity.of };
  return renderChart({
    width,
    height,
    marginLeft: 46,
    marginTop: 28,
    marginBottom: 40,
    x: { label, zero: true, ticks: 5, labelAnchor: "center", labelArrow: "none" },
    y: { label: quantity.label, zero: true, grid: true, ticks: 5, labelArrow: "none" },
    color: {
      domain: works.map(({ name }) => name),
      range: works.map(({ color }) => color),
    },
    marks: [
      ruleY([0]),
      line(points, { ...at, stroke: "work" }),
      dot(points, { ...at, fill: "work", r: 3 }),
    ],
  });
}

function legend(): string[] {
  return works.map(({ label, color }, i) => {
    const x = 16 + i * 160;
    return `<circle cx="${x}" cy="16" r="4" fill="${color}"/><text x="${x + 10}" y="20">${label}</text>`;
  });
}
