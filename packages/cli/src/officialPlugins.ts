/** The plugins that a config may use without listing any. */
export const officialPlugins = [
  "@metalearn/adapters",
  "@metalearn/algorithms-maml",
  "@metalearn/algorithms-metaicl",
  "@metalearn/datasets-crossfit",
  "@metalearn/datasets-synthetic",
  "@metalearn/models-gpt2",
  "@metalearn/models-llama",
  "@metalearn/models-mlp",
  "@metalearn/optimizers",
  "@metalearn/runtime-tensorflow",
  "@metalearn/trackers",
] as const;

/** The plugins whose launchers a config may name besides. Runs do not need them. */
const officialLaunchers = ["@metalearn/launchers-local", "@metalearn/launchers-slurm"];

/** Stands for all official plugins in a list. */
const allOfficial = "@metalearn/*";

/** The part of a config that names plugins. */
interface NamesPlugins {
  readonly plugins?: readonly string[] | undefined;
}

/** The plugins that a config lists, or metalearn's own. */
export function pluginsOf({ plugins = [allOfficial] }: NamesPlugins): string[] {
  return plugins.flatMap((name) => (name === allOfficial ? officialPlugins : name));
}

/** Whether metalearn has the plugin, which a config need not list. */
export function isOfficial(name: string): boolean {
  return [...officialPlugins, ...officialLaunchers].some((official) => official === name);
}

/** The plugins that a config may use: those that it lists, and launchers. */
export function pluginsWithLaunchers(config: NamesPlugins): string[] {
  return [...new Set([...pluginsOf(config), ...officialLaunchers])];
}
