import { MetaError } from "@metalearn/core";
import { askedPlugins } from "../askedPlugins.js";
import type { PluginFlags } from "../flags.js";

/** Flags of `metalearn setup`. */
export interface SetupFlags extends PluginFlags {
  readonly cuda: boolean;
  readonly force: boolean;
}

/** Installs the native parts of plugins, which live outside of node_modules. */
export async function setup({ cuda, force, ...flags }: SetupFlags): Promise<void> {
  const plugins = await askedPlugins(flags);
  const native = plugins.flatMap(({ machine }) => machine ?? []);
  if (native.length === 0) {
    throw new MetaError("MISSING_PLUGIN", "No loaded plugin has anything to set up.");
  }
  for (const machine of native) {
    await machine.setup({ cuda, force, notify: (message) => console.error(message) });
  }
}
