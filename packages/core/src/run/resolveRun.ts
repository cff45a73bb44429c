import type { NamedRun } from "../config/runsOf.js";
import type { RunConfig } from "../config/schema.js";
import { MetaError } from "../errors.js";
import type { Kind } from "../plugin/components.js";
import type { Reference } from "../plugin/reference.js";
import type { Toolkit } from "../plugin/toolkit.js";
import { componentsOf } from "./componentsOf.js";

/**
 * Checks every component that a run's config names, used or not, and fills in all defaults. The result is
 * the config of the run's record. A resolved run resolves to itself.
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
  const components = componentsOf(config).map(([kind, named]) => {
    const checked = [named].flat().map((reference) => check(kind, reference));
    return [kind, Array.isArray(named) ? checked : checked[0]];
  });
  const { adapt } = config.evaluate;
  const evaluate =
    typeof adapt === "object"
      ? { ...config.evaluate, adapt: check("learner", adapt, ", evaluate.adapt") }
      : config.evaluate;
  return { name, config: { ...config, ...Object.fromEntries(components), evaluate } as RunConfig };
}
