import { MetaError } from "@metalearn/core";
import { loadPlugins } from "@metalearn/core/runs";
import { officialPlugins } from "../session.js";

/** Flags of `metalearn setup`. */
export interface SetupFlags {
  readonly cuda: boolean;
  readonly force: boolean;
}

/** Installs what plugins with native parts need outside of node_modules. */
export async function setup({ cuda, force }: SetupFlags): Promise<void> {
  const plugins = await loadPlugins(officialPlugins);
  const native = plugins.flatMap(({ machine }) => machine ?? []);
  if (native.length === 0) {
    throw new MetaError("MISSING_PLUGIN", "No installed plugin has anything to set up.");
  }
  for (const machine of native) {
    await machine.setup({ cuda, force, notify: (message) => console.error(message) });
  }
}
