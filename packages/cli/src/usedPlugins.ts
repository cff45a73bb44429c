import { MetaError, type Plugin } from "@metalearn/core";
import { pluginKeys } from "@metalearn/core/runs";
import { loadListed } from "./listedPlugins.js";

/**
 * Checks that plugins which the command line names are of use: that a config names one of their components, or the
 * model `auto`, which may choose one.
 *
 * @param config complete config of a run, or a part of one
 * @throws MetaError `BAD_OPTION`
 */
export async function requireUsed(names: readonly string[], config: unknown): Promise<void> {
  const used = new Set(componentNames(config));
  for (const name of names) {
    const [plugin] = (await loadListed({ plugins: [name] })) as [Plugin];
    const provided = Object.values(pluginKeys).flatMap((key) => Object.keys(plugin[key] ?? {}));
    const isChosen = used.has("auto") && (plugin.checkpoints ?? plugin.peftTypes) !== undefined;
    if (isChosen || provided.some((component) => used.has(component))) continue;
    const list = provided.length > 0 ? `only ${provided.sort().join(", ")}` : "no components";
    throw new MetaError(
      "BAD_OPTION",
      `--plugin ${name}: expected a plugin with a component that is used here, but it provides ${list}. Leave it out, or name its component, such as learner.use=NAME.`,
    );
  }
}

/** Names of all components in a config: the values of `use`, at any depth. */
function componentNames(config: unknown): string[] {
  if (typeof config !== "object" || config === null) return [];
  return Object.entries(config).flatMap(([key, value]) =>
    key === "use" && typeof value === "string" ? [value] : componentNames(value),
  );
}
