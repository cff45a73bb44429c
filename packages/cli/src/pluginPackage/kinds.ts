import type { Kind } from "@metalearn/core";

/** The kinds of plugins that there are templates for, each with the config key that names its component. */
export const pluginKinds = {
  learner: "learner",
  model: "model",
  sampler: "tasks",
  optimizer: "optimizer",
  tracker: "tracker",
  launcher: "launcher",
} as const satisfies Record<string, Kind>;

/** A kind of plugin: a folder of templates. */
export type PluginKind = keyof typeof pluginKinds;
