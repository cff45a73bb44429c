import type { Kind } from "@metalearn/core";

/** The kinds of components that there are templates for. */
export const pluginKinds = [
  "learner",
  "model",
  "tasks",
  "optimizer",
  "tracker",
  "launcher",
] as const satisfies readonly Kind[];

/** A kind of component with a folder of templates. */
export type PluginKind = (typeof pluginKinds)[number];
