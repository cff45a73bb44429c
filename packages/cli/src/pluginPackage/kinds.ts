import type { Kind } from "@metalearn/core";

/** Kinds of plugins that `plugin create` has templates for, and the kind of component that each provides. */
const componentKinds = {
  learner: "learner",
  model: "model",
  "language-model": "model",
  adapter: "adapter",
  tasks: "tasks",
  optimizer: "optimizer",
  runtime: "runtime",
  tracker: "tracker",
  launcher: "launcher",
} as const satisfies Readonly<Record<string, Kind>>;

/** Kind of plugin with a folder of templates. */
export type PluginKind = keyof typeof componentKinds;

export const pluginKinds = Object.keys(componentKinds) as readonly PluginKind[];

/** Kind of the component that a plugin provides: the key of a config that names it. */
export function componentKind(kind: PluginKind): Kind {
  return componentKinds[kind];
}
