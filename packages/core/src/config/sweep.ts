import { MetaError } from "../errors.js";
import { isObject, type Json, joinChanges } from "./merge.js";

/** A point of a sweep's grid. */
export interface SweepPoint {
  /** Name made of the values: `innerSteps=2,learningRate=0.001`; empty without a sweep. */
  readonly name: string;
  /** Changes to a run's config. */
  readonly changes: Json;
}

/** A swept key, as a path, and its values. */
interface Axis {
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

/**
 * Rewrites the sweeps of a config and of its named runs with nested keys, so that they can be merged:
 * `learner.innerSteps: [1, 2]` becomes `learner: { innerSteps: [1, 2] }`.
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
 * Lists the points of a sweep: the Cartesian product of its lists. The last list varies fastest. Without lists there
 * is one point without changes.
 *
 * @param sweep lists of values under the keys of a run's config, nested
 * @param overrides changes to every run; they must not contain a swept key
 * @throws MetaError `BAD_CONFIG` for anything but a list of values; `BAD_OPTION` for an override of a
 *   swept key
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

/** Converts dotted keys into nested objects. */
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
      if (keys.join() === "seed") {
        throw bad(
          keys,
          "expected another key, since seeds are not swept; list compare.seeds instead",
        );
      }
      return [{ keys, values }];
    }
    throw bad(keys, `expected a list of at least one value, got ${JSON.stringify(values)}`);
  });
}

/** Refuses an override of a swept key: all points would be equal, under different names. @throws MetaError `BAD_OPTION` */
function refuseOverride(keys: readonly string[], overrides: Json): void {
  const value = keys.reduce<unknown>(
    (part, key) => (isObject(part) ? part[key] : undefined),
    overrides,
  );
  if (value === undefined || isObject(value)) return;
  const path = keys.join(".");
  throw new MetaError(
    "BAD_OPTION",
    `${path}: expected no override, since a sweep sets it. Override its values instead: sweep.${path}=[${JSON.stringify(value)}].`,
  );
}

/** Shortens each path to its shortest unique ending, mostly the last key. */
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

/** Names of values as they appear in the names of runs and of their directories. */
function valueNames(values: readonly unknown[]): string[] {
  const names = values.map((value) =>
    isObject(value) && typeof value.use === "string" ? value.use : plain(value),
  );
  // If one component occurs with several settings, its name alone is not unique.
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
