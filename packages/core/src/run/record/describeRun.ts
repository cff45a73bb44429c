import { resolve } from "node:path";
import type { Run } from "../openRun.js";
import { describeMachine } from "./machine.js";
import type { RunRecord } from "./runDirectory.js";
import { weightDigests } from "./weightDigests.js";

/** The record of a run, `run.json`: its config, data, versions, engine and machine. */
export async function describeRun(run: Run): Promise<RunRecord> {
  const { name, config, configFile, plugins, runtime, tasks, training } = run;
  const weights = await weightDigests(run.model);
  return {
    format: 1,
    name,
    config,
    plugins: plugins.map((plugin) => plugin.origin ?? plugin.name),
    ...(configFile && { configFile: resolve(configFile) }),
    updates: training?.updates ?? 0,
    engine: { name: runtime.name, device: runtime.device, version: runtime.version },
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(plugins.map(({ name, version }) => [name, version ?? "unknown"])),
    },
    data: tasks.fingerprints,
    ...(weights && { weights }),
    trainingTasks: tasks.trainingTasks,
    machine: describeMachine(),
    created: new Date().toISOString(),
  };
}
