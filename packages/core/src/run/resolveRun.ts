import type { NamedRun } from "../config/load.js";
import type { RunConfig } from "../config/schema.js";
import { MetaError } from "../errors.js";
import type { Kind } from "../plugin/components.js";
import { pluginKeys } from "../plugin/plugin.js";
import type { Reference } from "../plugin/reference.js";
import type { Toolkit } from "../plugin/toolkit.js";

/**
 * Checks every component that a run names, whether it will be used or not, and fills in all
 * defaults: what the run's record holds.
 *
 * @throws MetaError `UNKNOWN_NAME` or `BAD_CONFIG`
 */
export function resolveRun(toolkit: Toolkit, { name, config }: NamedRun): NamedRun {
  const check = (kind: Kind, reference: Reference, where = "") => {
    try {
      return toolkit.check(kind, reference);
    } catch (error) {
      if (!(error instanceof MetaError)) throw error;
      const place = `in the run "${name}"${where}`;
      throw new MetaError(error.code, `${place}: ${error.detail}`, { cause: error });
    }
  };
  const components = (Object.keys(pluginKeys) as Kind[]).flatMap((kind) => {
    const named = (config as Partial<Record<Kind, Reference | readonly Reference[]>>)[kind];
    if (!named) return [];
    const checked = [named].flat().map((reference) => check(kind, reference));
    return [[kind, Array.isArray(named) ? checked : checked[0]]];
  });
  const { adapt } = config.evaluate;
  const evaluate =
    typeof adapt === "object"
      ? { ...config.evaluate, adapt: check("learner", adapt, ", evaluate.adapt") }
      : config.evaluate;
  return { name, config: { ...config, ...Object.fromEntries(components), evaluate } as RunConfig };
}
