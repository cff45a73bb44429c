/** A parameter in MLflow's API. */
export interface MlflowParam {
  readonly key: string;
  readonly value: string;
}

/** MLflow's limits: parameters per request, and lengths of a value and a name. */
const limits = { params: 100, characters: 6000, name: 250 };

/**
 * Flattens a config to parameters with dotted names, such as `train.steps`, in batches that fit a request.
 */
export function paramsOf(config: unknown): MlflowParam[][] {
  const params = flatten(config, "");
  const batches = Math.ceil(params.length / limits.params);
  return Array.from({ length: batches }, (_, i) =>
    params.slice(limits.params * i, limits.params * (i + 1)),
  );
}

function flatten(value: unknown, key: string): MlflowParam[] {
  if (value === undefined) return [];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, inner]) =>
      flatten(inner, key ? `${key}.${name}` : name),
    );
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return [{ key: nameFor(key), value: text.slice(0, limits.characters) }];
}

/** Replaces characters that MLflow refuses in names of parameters and metrics. */
export function nameFor(key: string): string {
  return key.replaceAll(/[^\w/.\- ]/g, "_").slice(-limits.name);
}
