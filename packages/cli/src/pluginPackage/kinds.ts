import type { Kind } from "@metalearn/core";

/** Kinds of components that `plugin create` has templates for. */
export const pluginKinds = [
  "learner",
  "model",
  "tasks",
  "optimizer",
  "tracker",
  "launcher",
] as const satisfies readonly Kind[];

/** Kind of component with a folder of templates. */
export type PluginKind = (typeof pluginKinds)[number];
