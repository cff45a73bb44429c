// Measures time and peak memory of one update against the settings that increase them, each in a process of
// its own. Writes bench/growth.json and draws docs/growth.svg.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { axes, type Setting } from "./growth/axes.js";
import { type GrowthPoint, growthPlot } from "./growth/plot.js";
import { describeMachine, today } from "./machine.js";
import { median } from "./median.js";
import { runOurs } from "./programs.js";
import { sizeNamed } from "./sizes.js";
import { openWorkFolder } from "./workFolder.js";

const data = join(import.meta.dirname, "growth.json");
const picture = join(import.meta.dirname, "../docs/growth.svg");
const { values } = parseArgs({
  options: {
    only: { type: "string", default: axes.map(({ name }) => name).join(",") },
    /** Number of timed updates, whose median is a point, after one warm-up update. */
    steps: { type: "string", default: "1" },
    /** Another model for all settings, for trials; points are then printed but not written. */
    size: { type: "string" },
  },
});
/** Content of `growth.json`. */
interface Growth {
  readonly machine: string;
  readonly date: string;
  readonly points: readonly GrowthPoint[];
}

const names = values.only.split(",");
const chosen = axes.filter(({ name }) => names.includes(name));
if (chosen.length < names.length) {
  throw new Error(`--only should be some of ${axes.map(({ name }) => name).join(",")}`);
}

const points: GrowthPoint[] = [];
const { weights } = openWorkFolder();
/** Settings that several axes share are measured once. */
const measured = new Map<string, Pick<GrowthPoint, "seconds" | "peakMiB">>();
for (const { name: axis, settings } of chosen) {
  for (const [x, setting] of settings) {
    const key = JSON.stringify(setting);
    const result = measured.get(key) ?? (await measure(setting));
    measured.set(key, result);
    points.push({ axis, x, work: setting.work, ...result });
    console.log(
      `${axis} ${x}: ${setting.work} ${result.seconds.toFixed(3)} s, ${result.peakMiB} MiB`,
    );
  }
}
if (!values.size) {
  const machine = await describeMachine();
  const all = [...(await otherPoints(machine)), ...points];
  const growth: Growth = { machine, date: today(), points: all };
  await writeFile(data, `${JSON.stringify(growth, null, 2)}\n`);
  await writeFile(picture, growthPlot(all));
}

/** Points of other axes that were measured earlier on this machine. */
async function otherPoints(machine: string): Promise<readonly GrowthPoint[]> {
  if (!existsSync(data)) return [];
  const known: Growth = JSON.parse(await readFile(data, "utf8"));
  if (known.machine !== machine) return [];
  return known.points.filter(({ axis }) => !names.includes(axis));
}

async function measure({ size, ...setting }: Setting) {
  const checkpoint = await weights(sizeNamed(values.size ?? size));
  // One query batch for any number of inner steps, because its size would grow otherwise.
  const given = { ...setting, weights: checkpoint, steps: values.steps, queries: 1 };
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const { seconds, peakMiB } = JSON.parse(await runOurs("ours.ts", args));
  return { seconds: median(seconds), peakMiB };
}
