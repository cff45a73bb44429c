import {
  createToolkit,
  type Json,
  type LoadedConfig,
  loadConfig,
  loadPlugins,
  parseOverrides,
  type Toolkit,
} from "@metalearn/core";

/** The plugins that a config may use without listing any. */
export const officialPlugins = [
  "@metalearn/algorithms-maml",
  "@metalearn/algorithms-metaicl",
  "@metalearn/datasets-crossfit",
  "@metalearn/models-gpt2",
  "@metalearn/optimizers",
  "@metalearn/runtime-tensorflow",
] as const;

/** A config with the plugins that it lists. */
export interface Session extends LoadedConfig {
  readonly toolkit: Toolkit;
  /** Changes from the command line. */
  readonly overrides: Json;
}

/** Reads the config and loads its plugins. */
export async function openSession(
  configFlag: string | undefined,
  changes: readonly string[],
): Promise<Session> {
  const overrides = parseOverrides(changes);
  const loaded = await loadConfig(configFlag, overrides);
  const toolkit = createToolkit(
    await loadPlugins(loaded.config.plugins ?? officialPlugins, loaded.file),
  );
  return { ...loaded, toolkit, overrides };
}
