import { MetaError } from "../errors.js";
import type { Config } from "./checkConfig.js";
import { isObject, type Json, mergeConfig, withoutNulls } from "./merge.js";
import { parseConfig } from "./parseConfig.js";
import { type RunConfig, runSchema } from "./schema.js";
import { type SweepPoint, sweepPoints } from "./sweep.js";

/** One run of a config. */
export interface NamedRun {
  readonly name: string;
  readonly config: RunConfig;
}

/** The runs of a config. */
export type NamedRuns = readonly [NamedRun, ...NamedRun[]];

/** The name of a run that has no other. */
const onlyRun = "run";

/**
 * The runs of a config, checked, with defaults and with all changes applied: one per name, point of the
 * grid and seed of `compare`; without any of these, a single one called `run`. The command line's
 * changes go over the run's own, which go over what runs share.
 *
 * A run's seeds are those of the command line, or of `compare.seeds`; without either, its own `seed`.
 *
 * @throws MetaError `BAD_CONFIG` for a run or a grid with errors, for no run at all, and for one that
 *   is there twice; `BAD_OPTION` for an override of a key that a grid has values for
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

/** Where the mistakes of a run are, for messages; nothing where that is plain. */
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

/** Runs as they are, if there are any and no two would write to the same folder. */
function distinct([first, ...others]: readonly NamedRun[]): NamedRuns {
  if (!first) {
    throw new MetaError("BAD_CONFIG", "compare.runs: expected at least one run, got none.");
  }
  const runs = [first, ...others] as const;
  const titles = runs.map(({ name, config }) => `${name}, seed ${config.seed}`);
  const twice = titles.find((title, i) => titles.indexOf(title) < i);
  if (twice === undefined) return runs;
  throw new MetaError("BAD_CONFIG", `The same run is asked for twice: ${twice}.`);
}
