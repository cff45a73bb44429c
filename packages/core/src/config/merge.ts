import { MetaError } from "../errors.js";

/** A part of a config: plain JSON. */
export type Json = Record<string, unknown>;

/**
 * `changes` on top of `base`: objects are merged, everything else is replaced, and `null` takes a key
 * away. A component whose `use` changes is replaced as a whole, since its options belonged to another
 * factory.
 */
export function mergeConfig(base: Json, changes: Json): Json {
  const merged = merge(base, changes, mergeConfig);
  for (const [key, value] of Object.entries(changes)) if (value === null) delete merged[key];
  return merged;
}

/**
 * A config without keys that were to be taken away and were not there.
 *
 * @param changes keys whose values are to change something yet, and stay as they are
 */
export function withoutNulls(config: Json, changes: readonly string[] = []): Json {
  const kept = Object.entries(config).filter(([, value]) => value !== null);
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      isObject(value) && !changes.includes(key) ? withoutNulls(value) : value,
    ]),
  );
}

/** Changes and further ones as one, in which a `null` stays, to take a key away in the end. */
export function joinChanges(changes: Json, more: Json): Json {
  return merge(changes, more, joinChanges);
}

function merge(base: Json, changes: Json, inner: typeof mergeConfig): Json {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = base[key];
    const both = isObject(value) && isObject(before) && !changesFactory(before, value);
    merged[key] = both ? inner(before, value) : value;
  }
  return merged;
}

/**
 * Options of the command line, such as `train.steps=500` or `model.size=gpt2`, as a part of a
 * config. Values are read as JSON where they are JSON, otherwise as text.
 *
 * @throws MetaError `BAD_OPTION` for an argument without `=` or without a key
 */
export function parseOverrides(args: readonly string[]): Json {
  return args.reduce<Json>((config, arg) => {
    const split = arg.indexOf("=");
    if (split < 1) {
      throw new MetaError("BAD_OPTION", `"${arg}" is not of the form key=value.`);
    }
    const keys = arg.slice(0, split).split(".");
    if (keys.some((key) => key === "" || key === "__proto__")) {
      throw new MetaError("BAD_OPTION", `"${arg}": "${keys.join(".")}" is no key of a config.`);
    }
    const change = keys.reduceRight<unknown>(
      (value, key) => ({ [key]: value }),
      parseValue(arg.slice(split + 1)),
    );
    return joinChanges(config, change as Json);
  }, {});
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function changesFactory(before: Json, after: Json): boolean {
  // Of a model, `weights` alone stand for `use: auto`.
  const use = before.use ?? ("weights" in before ? "auto" : undefined);
  return "use" in after && use !== undefined && after.use !== use;
}

/** Whether a part of a config has keys. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
