import { MetaError } from "../errors.js";
import type { Config } from "./checkConfig.js";
import { isObject, type Json, mergeConfig, withoutNulls } from "./merge.js";
import { parseConfig } from "./parseConfig.js";
import { type RunConfig, runSchema } from "./schema.js";
import { type SweepPoint, sweepPoints } from "./sweep.js";

/** A run's name and config. */
export interface NamedRun {
  readonly name: string;
  readonly config: RunConfig;
}

/** The runs of a config: at least one. */
export type NamedRuns = readonly [NamedRun, ...NamedRun[]];

/** Name of a run without a name. */
const onlyRun = "run";

/**
 * Lists the runs of a config, checked and complete: one per name in `compare.runs`, point of the sweep,
 * and seed. Without these there is a single run called `run`. The command line overrides the keys of a
 * run, which override those that runs share.
 *
 * Seeds are those of the command line, or else `compare.seeds`, or else the run's own `seed`.
 *
 * @throws MetaError `BAD_CONFIG` for errors in a run or sweep, for no runs, and for two equal ones;
 *   `BAD_OPTION` for an override of a swept key
 */
export function runsOf(config: Config): NamedRuns {
  const { shared, overrides, compare, sweep = {} } = config;
  const named = compare?.runs ?? { [onlyRun]: {} };
  const seeds = config.seeds ?? ("seed" in overrides ? undefined : compare?.seeds);
  const runs = Object.entries(named).flatMap(([name, { sweep: own = {}, ...changes }]) => {
    const where = placeOf(config, name);
    const points = sweepPoints(mergeConfig(sweep, gridOf(own, where ?? "the config")), overrides);
    return points.flatMap((point): NamedRun[] => {
      const layers = [changes, point.changes, overrides];
      const run = layers.reduce(mergeConfig, shared);
      const runName = nameOf(name, point);
      const place = point.name ? `${where ?? "the config"} with ${point.name}` : where;
      const checked = (seed: Json) =>
        parseConfig(runSchema, withoutNulls({ ...run, ...seed }), place);
      if (!seeds) return [{ name: runName, config: checked({}) }];
      return seeds.map((seed) => ({ name: runName, config: checked({ seed }) }));
    });
  });
  return distinct(runs);
}

function nameOf(name: string, point: SweepPoint): string {
  if (point.name === "") return name;
  return name === onlyRun ? point.name : `${name},${point.name}`;
}

/** Describes the place of a run in a config, for messages. */
function placeOf({ source, compare }: Config, name: string): string | undefined {
  if (!compare) return source;
  return source === undefined ? `the run "${name}"` : `${source}, run "${name}"`;
}

function gridOf(sweep: unknown, where: string): Json {
  if (isObject(sweep)) return sweep;
  throw new MetaError(
    "BAD_CONFIG",
    `in ${where}: sweep: expected keys with lists of values, got ${JSON.stringify(sweep)}.`,
  );
}

/** Checks that there are runs, and that no two would write to the same directory. @throws MetaError `BAD_CONFIG` */
function distinct([first, ...others]: readonly NamedRun[]): NamedRuns {
  if (!first) {
    throw new MetaError("BAD_CONFIG", "compare.runs: expected at least one run, got none.");
  }
  const runs = [first, ...others] as const;
  const titles = runs.map(({ name, config }) => `${name}, seed ${config.seed}`);
  const twice = titles.find((title, i) => titles.indexOf(title) < i);
  if (twice === undefined) return runs;
  throw new MetaError(
    "BAD_CONFIG",
    `Expected runs with different names or seeds, got one twice: ${twice}.`,
  );
}
