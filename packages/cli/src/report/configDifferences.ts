/** A key of the config whose value is not the same in all of them. */
export interface ConfigDifference {
  /** Dotted: `learner.innerSteps`. */
  readonly key: string;
  /** As JSON, in the order of the configs; absent where a config has no such key. */
  readonly values: readonly (string | undefined)[];
}

/** Where configs differ, besides their seeds. */
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
