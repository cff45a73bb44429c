import type { RunConfig } from "../config/schema.js";
import type { Kind } from "../plugin/components.js";
import { pluginKeys } from "../plugin/plugin.js";
import type { Reference } from "../plugin/reference.js";

/** The components that a run's config names, by kind: a reference, or a list of references. */
export function componentsOf(
  config: RunConfig,
): readonly (readonly [Kind, Reference | readonly Reference[]])[] {
  const named = config as Partial<Record<Kind, Reference | readonly Reference[]>>;
  return (Object.keys(pluginKeys) as Kind[]).flatMap((kind) => {
    const own = named[kind];
    return own ? [[kind, own] as const] : [];
  });
}

/** The components of a run's config by kind, without kinds that it gives a list of. */
export function referencesOf(config: RunConfig): Readonly<Partial<Record<Kind, Reference>>> {
  const single = componentsOf(config).filter(([, named]) => !Array.isArray(named));
  return Object.fromEntries(single) as Partial<Record<Kind, Reference>>;
}
