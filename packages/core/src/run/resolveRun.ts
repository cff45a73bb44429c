import type { NamedRun } from "../config/load.js";
import type { RunConfig } from "../config/schema.js";
import { MetaError } from "../errors.js";
import { type Kind, pluginKeys, type Reference } from "../plugin/plugin.js";
import type { Toolkit } from "../plugin/toolkit.js";

/**
 * Checks every component that a run names, whether it will be used or not, and fills in all
 * defaults: what the run's record holds.
 *
 * @throws MetaError `UNKNOWN_NAME` or `BAD_CONFIG`
 */
export function resolveRun(toolkit: Toolkit, { name, config }: NamedRun): NamedRun {
  const components = (Object.keys(pluginKeys) as Kind[]).flatMap((kind) => {
    const reference = config[kind] as Reference | undefined;
    try {
      return reference ? [[kind, toolkit.check(kind, reference)]] : [];
    } catch (error) {
      if (!(error instanceof MetaError)) throw error;
      throw new MetaError(error.code, `in the run "${name}": ${error.detail}`, { cause: error });
    }
  });
  return { name, config: { ...config, ...Object.fromEntries(components) } as RunConfig };
}
