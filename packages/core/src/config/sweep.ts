import { MetaError } from "../errors.js";
import { isObject, type Json, joinChanges } from "./merge.js";

/** One point of a grid. */
export interface SweepPoint {
  /** Made of the values: `innerSteps=2,learningRate=0.001`; empty for the one point of no grid. */
  readonly name: string;
  /** What the point changes of a run's config. */
  readonly changes: Json;
}

/** A swept key and its values. */
interface Axis {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

/**
 * A config whose grids are written with nested keys, so that they can be merged: in `sweep`, at the
 * top and in named runs, `learner.innerSteps: [1, 2]` becomes `learner: { innerSteps: [1, 2] }`.
 */
export function nestSweeps(config: Json): Json {
  const own = (part: Json): Json => ({ ...part, ...nested(part.sweep) });
  const { compare } = config;
  if (!isObject(compare) || !isObject(compare.runs)) return own(config);
  const runs = Object.fromEntries(
    Object.entries(compare.runs).map(([name, run]) => [name, isObject(run) ? own(run) : run]),
  );
  return { ...own(config), compare: { ...compare, runs } };
}

/**
 * The points of a grid: the cartesian product of the lists in `sweep`, of which the last changes
 * fastest. Without any list there is one point, which changes nothing.
 *
 * @param sweep lists of values under the keys of a run's config, nested
 * @param overrides changes that go over every run, and so cannot be of a swept key
 * @throws MetaError `BAD_CONFIG` for what is no list of values; `BAD_OPTION` for such an override
 */
export function sweepPoints(sweep: Json, overrides: Json): SweepPoint[] {
  const axes = axesOf(sweep);
  for (const { keys } of axes) refuseOverride(keys, overrides);
  const labels = shortNames(axes.map(({ keys }) => keys));
  return axes.reduce<SweepPoint[]>(
    (points, { keys, values }, axis) => {
      const names = valueNames(values);
      return points.flatMap(({ name, changes }) =>
        values.map((value, i) => ({
          name: [...(name ? [name] : []), `${labels[axis]}=${names[i]}`].join(","),
          changes: joinChanges(changes, at(keys, value)),
        })),
      );
    },
    [{ name: "", changes: {} }],
  );
}

/** Dotted keys as objects in objects. */
function nested(sweep: unknown): { readonly sweep?: Json } {
  if (!isObject(sweep)) return {};
  const parts = Object.entries(sweep).map(([path, value]) =>
    at(path.split("."), nested(value).sweep ?? value),
  );
  return { sweep: parts.reduce(joinChanges, {}) };
}

function axesOf(part: Json, path: readonly string[] = []): Axis[] {
  return Object.entries(part).flatMap(([key, values]) => {
    const keys = [...path, key];
    if (isObject(values)) return axesOf(values, keys);
    if (Array.isArray(values) && values.length > 0) {
      if (keys.join() === "seed") throw bad(keys, "cannot be swept; list compare.seeds instead");
      return [{ keys, values }];
    }
    throw bad(keys, `expected a list of at least one value, got ${JSON.stringify(values)}`);
  });
}

/** An override would make all points alike, under names that say otherwise. */
function refuseOverride(keys: readonly string[], overrides: Json): void {
  const value = keys.reduce<unknown>(
    (part, key) => (isObject(part) ? part[key] : undefined),
    overrides,
  );
  if (value === undefined || isObject(value)) return;
  const path = keys.join(".");
  throw new MetaError(
    "BAD_OPTION",
    `${path} has the values of a sweep. Change those instead: sweep.${path}=[${JSON.stringify(value)}].`,
  );
}

/** The shortest ends of paths that tell them apart: mostly their last keys. */
function shortNames(paths: readonly (readonly string[])[]): string[] {
  return paths.map((path) => {
    const lengths = path.map((_, i) => i + 1);
    const end = (keys: readonly string[], length: number) => keys.slice(-length).join(".");
    const enough = lengths.find(
      (length) => paths.filter((other) => end(other, length) === end(path, length)).length === 1,
    );
    return end(path, enough ?? path.length);
  });
}

/** What values are called in a run's name, and so in its directory's. */
function valueNames(values: readonly unknown[]): string[] {
  const names = values.map((value) =>
    isObject(value) && typeof value.use === "string" ? value.use : plain(value),
  );
  // Several settings of one component need more than its name.
  return new Set(names).size === names.length ? names : values.map(plain);
}

function plain(value: unknown): string {
  if (value === null) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/^[^\w.+-]+|[^\w.+-]+$/g, "").replace(/[^\w.+-]+/g, "-") || "-";
}

function at(keys: readonly string[], value: unknown): Json {
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Json;
}

function bad(keys: readonly string[], problem: string): MetaError {
  return new MetaError("BAD_CONFIG", `sweep.${keys.join(".")}: ${problem}.`);
}
