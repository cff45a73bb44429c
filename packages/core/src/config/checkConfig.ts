import { MetaError } from "../errors.js";
import { isObject, type Json, mergeConfig, withoutNulls } from "./merge.js";
import { parseConfig } from "./parseConfig.js";
import { configSchema, type FileConfig, runSchema } from "./schema.js";
import { nestSweeps } from "./sweep.js";

/** Changes to a config from outside, such as the command line. */
export interface ConfigChanges {
  /** Go over the file, and over what its single runs say. */
  readonly overrides?: Json;
  /** Training seeds; like an override of `seed`, they replace those of the file. */
  readonly seeds?: readonly number[] | undefined;
}

/**
 * A config whose own keys are checked. Its runs are checked as they are told apart ({@link runsOf}):
 * once, when everything is known that changes them.
 */
export interface Config extends FileConfig, ConfigChanges {
  /** The config that the runs share, unchecked. */
  readonly shared: Json;
  /** Changes of every run. */
  readonly overrides: Json;
  /** Where the config is from, for messages. */
  readonly source?: string | undefined;
}

const runKeys = Object.keys(runSchema.shape);

/**
 * Checks a config that is at hand as an object, but for what its runs say.
 *
 * @param source where it is from, for messages
 * @throws MetaError `BAD_CONFIG`
 */
export function checkConfig(
  input: unknown,
  { overrides = {}, seeds }: ConfigChanges = {},
  source?: string,
): Config {
  if (!isObject(input)) {
    const held = Array.isArray(input) ? "a list" : `${JSON.stringify(input)}`.slice(0, 40);
    throw new MetaError(
      "BAD_CONFIG",
      `${source ?? "The config"} should hold keys and values, but holds ${held}.`,
    );
  }
  const [ofRuns, ofFile] = split(overrides);
  const merged = mergeConfig(nestSweeps(input), ofFile);
  const given = withoutNulls(merged, [...runKeys, "compare", "sweep"]);
  const [shared, { extends: _, ...file }] = split(parseConfig(configSchema, given, source));
  return { ...(file as unknown as FileConfig), shared, overrides: ofRuns, seeds, source };
}

/** The keys of a run, and those of the file alone. */
function split(config: Json): [ofRuns: Json, ofFile: Json] {
  const entries = Object.entries(config);
  const isOfRun = ([key]: [string, unknown]) => runKeys.includes(key);
  return [
    Object.fromEntries(entries.filter(isOfRun)),
    Object.fromEntries(entries.filter((entry) => !isOfRun(entry))),
  ];
}
