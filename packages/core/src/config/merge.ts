import { defaultLoadersSync } from "cosmiconfig";
import { MetaError } from "../errors.js";
import { requirePlainData } from "./requirePlainData.js";
import { autoModel } from "./schema.js";

/** A config or a part of one, as plain JSON. */
export type Json = Record<string, unknown>;

/**
 * Merges `changes` over `base`: objects are merged, other values replaced, and `null` removes a key. A
 * component whose `use` changes is replaced as a whole, since its options belong to another factory.
 */
export function mergeConfig(base: Json, changes: Json): Json {
  const merged = merge(base, changes, mergeConfig);
  for (const [key, value] of Object.entries(changes)) if (value === null) delete merged[key];
  return merged;
}

/**
 * Removes keys whose value is `null`: they removed nothing in merging.
 *
 * @param changes top-level keys whose values are still to be merged; they keep their nulls
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

/** Joins two sets of changes into one. A `null` stays, to remove a key when the changes are applied. */
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
 * Parses overrides of the command line, such as `train.steps=500` or `model.size=gpt2`, into a part of a
 * config. Values are JSON; lists and objects may also be YAML, as in a config file, such as
 * `tasks.targets=[poem_sentiment, sick]`. All others are strings.
 *
 * @throws MetaError `BAD_OPTION` for an argument without `=` or without a key; `BAD_CONFIG` for a value with `__proto__`
 */
export function parseOverrides(args: readonly string[]): Json {
  return args.reduce<Json>((config, arg) => {
    const split = arg.indexOf("=");
    if (split < 1) {
      throw new MetaError("BAD_OPTION", `Expected key=value, got "${arg}".`);
    }
    const keys = arg.slice(0, split).split(".");
    if (keys.some((key) => key === "" || key === "__proto__")) {
      throw new MetaError("BAD_OPTION", `Expected key=value with a key of a config, got "${arg}".`);
    }
    const value = parseValue(arg.slice(split + 1));
    requirePlainData(value, keys.join("."));
    const change = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    return joinChanges(config, change as Json);
  }, {});
}

function parseValue(text: string): unknown {
  const readers = /^[[{]/.test(text) ? [JSON.parse, parseYaml] : [JSON.parse];
  for (const read of readers) {
    try {
      return read(text);
    } catch {} // the next one, or a string
  }
  return text;
}

const parseYaml = (text: string) => defaultLoadersSync[".yaml"]("an override", text);

function changesFactory(before: Json, after: Json): boolean {
  // A model with `weights` alone has `use: auto`.
  const use = before.use ?? ("weights" in before ? autoModel : undefined);
  return "use" in after && use !== undefined && after.use !== use;
}

/** True if a part of a config is an object with keys. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
