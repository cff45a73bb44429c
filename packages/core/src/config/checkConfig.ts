import { MetaError } from "../errors.js";
import { isObject, type Json, mergeConfig, withoutNulls } from "./merge.js";
import { parseConfig } from "./parseConfig.js";
import { configSchema, type FileConfig, runSchema } from "./schema.js";
import { nestSweeps } from "./sweep.js";

/** Changes to a config from outside, such as the command line. */
export interface ConfigChanges {
  /** Keys that override those of the file and of its single runs. */
  readonly overrides?: Json;
  /** Training seeds; they replace those of the file, like an override of `seed`. */
  readonly seeds?: readonly number[] | undefined;
}

/**
 * A config whose own keys are checked. The keys of runs are checked by {@link runsOf}, once all changes
 * to them are known.
 */
export interface Config extends FileConfig, ConfigChanges {
  /** Keys that all runs share, unchecked. */
  readonly shared: Json;
  /** Overrides that apply to every run. */
  readonly overrides: Json;
  /** Origin of the config, for messages. */
  readonly source?: string | undefined;
}

const runKeys = Object.keys(runSchema.shape);

/**
 * Checks a config given as an object, except for the keys of its runs.
 *
 * @param source origin of the config, for messages
 * @throws MetaError `BAD_CONFIG`
 */
export function checkConfig(
  input: unknown,
  { overrides = {}, seeds }: ConfigChanges = {},
  source?: string,
): Config {
  if (!isObject(input)) {
    const got = Array.isArray(input) ? "a list" : `${JSON.stringify(input)}`.slice(0, 40);
    throw new MetaError(
      "BAD_CONFIG",
      `${source ?? "config"}: expected keys and values, got ${got}.`,
    );
  }
  const [ofRuns, ofFile] = split(overrides);
  const merged = mergeConfig(nestSweeps(input), ofFile);
  const given = withoutNulls(merged, [...runKeys, "compare", "sweep"]);
  const [shared, { extends: _, ...file }] = split(parseConfig(configSchema, given, source));
  return { ...(file as unknown as FileConfig), shared, overrides: ofRuns, seeds, source };
}

/** Splits a config into the keys of a run and those of the file. */
function split(config: Json): [ofRuns: Json, ofFile: Json] {
  const entries = Object.entries(config);
  const isOfRun = ([key]: [string, unknown]) => runKeys.includes(key);
  return [
    Object.fromEntries(entries.filter(isOfRun)),
    Object.fromEntries(entries.filter((entry) => !isOfRun(entry))),
  ];
}
