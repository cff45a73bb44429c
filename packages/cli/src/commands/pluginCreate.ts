import { basename, relative, resolve } from "node:path";
import { MetaError } from "@metalearn/core";
import { componentKind, type PluginKind } from "../pluginPackage/kinds.js";
import { pluginNames } from "../pluginPackage/names.js";
import { writePackage } from "../pluginPackage/writePackage.js";
import { toolkitWithLaunchers } from "../session.js";

/** Flags of `metalearn plugin create`. */
export interface PluginCreateFlags {
  readonly kind: PluginKind;
  readonly directory?: string;
}

/** Writes the package of a new plugin: source, tests, and everything that building and publishing need. */
export async function createPlugin(name: string, flags: PluginCreateFlags): Promise<void> {
  const { kind } = flags;
  const names = pluginNames(name);
  await requireNewName(kind, names.component);
  const folder = resolve(flags.directory ?? basename(name));
  await writePackage(folder, kind, names);
  const shown = relative(process.cwd(), folder) || ".";
  const enter = shown === "." ? "" : `cd ${shown} && `;
  console.log(
    `Wrote ${shown}: the ${kind.replace("-", " ")} "${names.component}", in src/index.ts.`,
  );
  console.log(`Next: ${enter}npm install && npm test`);
}

/** Refuses a component name of metalearn's own: no config could list both plugins. */
async function requireNewName(kind: PluginKind, component: string): Promise<void> {
  const toolkit = await toolkitWithLaunchers({ config: {} });
  const provided = componentKind(kind);
  if (!toolkit.names(provided).includes(component)) return;
  throw new MetaError(
    "DUPLICATE_NAME",
    `The name "${component}" is that of metalearn's own ${provided}. Choose another one.`,
  );
}
