/** A config key whose value differs between configs. */
export interface ConfigDifference {
  /** Dotted: `learner.innerSteps`. */
  readonly key: string;
  /** Values as JSON, in the order of the configs; undefined where a config has no such key. */
  readonly values: readonly (string | undefined)[];
}

/** Keys in which configs differ, seeds excluded. */
export function configDifferences(configs: readonly object[]): ConfigDifference[] {
  const flat = configs.map((config) => new Map(flatten(config, "")));
  const keys = new Set(flat.flatMap((config) => [...config.keys()]));
  keys.delete("seed");
  return [...keys].flatMap((key) => {
    const values = flat.map((config) => config.get(key));
    return new Set(values).size > 1 ? [{ key, values }] : [];
  });
}

function flatten(value: unknown, key: string): [string, string][] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[key, JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, inner]) =>
    flatten(inner, key ? `${key}.${name}` : name),
  );
}
