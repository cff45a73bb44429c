import { MetaError } from "@metalearn/core";
import {
  type Config,
  checkConfig,
  createToolkit,
  loadConfig,
  loadPlugins,
  mergeConfig,
  type NamedRun,
  parseOverrides,
  type RunRecord,
  runsOf,
  type Toolkit,
} from "@metalearn/core/runs";
import { presetFolder } from "./presets.js";

/** The plugins that a config may use without listing any. */
export const officialPlugins = [
  "@metalearn/adapters",
  "@metalearn/algorithms-maml",
  "@metalearn/algorithms-metaicl",
  "@metalearn/datasets-crossfit",
  "@metalearn/datasets-synthetic",
  "@metalearn/models-gpt2",
  "@metalearn/models-mlp",
  "@metalearn/optimizers",
  "@metalearn/runtime-tensorflow",
  "@metalearn/trackers",
] as const;

/** The plugins whose launchers a config may name besides. Runs do not need them. */
const officialLaunchers = ["@metalearn/launchers-local", "@metalearn/launchers-slurm"];

/** What stands for all official plugins in a list. */
const allOfficial = "@metalearn/*";

/** The plugins that a config lists, or metalearn's own. */
export function pluginsOf({ plugins = [allOfficial] }: Pick<Config, "plugins">): string[] {
  return plugins.flatMap((name) => (name === allOfficial ? officialPlugins : name));
}

/** Whether metalearn has the plugin, which a config need not list. */
export function isOfficial(name: string): boolean {
  return [...officialPlugins, ...officialLaunchers].some((official) => official === name);
}

/** The plugins that a config may use: those that it lists, and launchers. */
export function pluginsWithLaunchers(config: Pick<Config, "plugins">): string[] {
  return [...new Set([...pluginsOf(config), ...officialLaunchers])];
}

/** All that a config may name, launchers included. */
export async function toolkitWithLaunchers({
  config,
  file,
}: {
  readonly config: Pick<Config, "plugins">;
  readonly file?: string | undefined;
}): Promise<Toolkit> {
  return createToolkit(await loadPlugins(pluginsWithLaunchers(config), file));
}

/** A config with the plugins that it lists and its runs, at least one. */
export interface Session {
  readonly config: Config;
  /** The config file, to which paths in the config are relative. */
  readonly file: string | undefined;
  readonly toolkit: Toolkit;
  readonly runs: readonly [NamedRun, ...NamedRun[]];
}

/**
 * Reads the config, loads its plugins and tells its runs apart.
 *
 * @param changes from the command line, such as `train.steps=500`
 * @param seeds training seeds from the command line; like `seed=1`, they replace those of the file
 */
export async function openSession(
  configFlag: string | undefined,
  changes: readonly string[],
  seeds?: readonly number[],
): Promise<Session> {
  const overrides = parseOverrides(changes);
  const { config, file } = await loadConfig(configFlag, overrides, { presets: presetFolder });
  const chosen = seeds ?? ("seed" in overrides ? [config.seed] : undefined);
  const runs = runsOf(chosen ? withSeeds(config, chosen) : config, overrides);
  const plugins = await loadPlugins(pluginsOf(config), file);
  return { config, file, toolkit: createToolkit(plugins), runs: distinct(runs) };
}

/** The session of a run that was made earlier, with changes from the command line. */
export async function reopenSession(
  { config: before, plugins: names, configFile: file }: RunRecord,
  changes: readonly string[],
): Promise<Session> {
  const config = checkConfig(mergeConfig(before, parseOverrides(changes)));
  const plugins = await loadPlugins(names, file);
  return { config, file, toolkit: createToolkit(plugins), runs: distinct(runsOf(config)) };
}

function withSeeds(config: Config, seeds: readonly number[]): Config {
  return { ...config, compare: { runs: { run: {} }, ...config.compare, seeds: [...seeds] } };
}

/** Runs as they are, if there are any and no two would write to the same folder. */
function distinct([first, ...others]: readonly NamedRun[]): Session["runs"] {
  if (!first)
    throw new MetaError("BAD_CONFIG", "compare.runs: wanted at least one run; came none.");
  const runs = [first, ...others] as const;
  const titles = runs.map(({ name, config }) => `${name}, seed ${config.seed}`);
  const twice = titles.find((title, i) => titles.indexOf(title) < i);
  if (twice === undefined) return runs;
  throw new MetaError("BAD_CONFIG", `The same run is asked for twice: ${twice}.`);
}
