import { relative, resolve } from "node:path";
import {
  checkConfig,
  createToolkit,
  disposeParams,
  type EvaluationRecord,
  evaluateRun,
  findParams,
  loadParams,
  loadPlugins,
  MetaError,
  mergeConfig,
  type NamedRun,
  openRun,
  parseOverrides,
  type RunOptions,
  readRunRecord,
  resolveRun,
  runDirectory,
  runsOf,
  writeTextAtomically,
} from "@metalearn/core";
import { onInterrupt } from "../interrupt.js";
import { openProgress } from "../progress.js";
import { openSession } from "../session.js";
import { evaluationTable } from "../tables.js";

/** Flags of `metalearn evaluate`. */
export interface EvaluateFlags {
  readonly config?: string;
  readonly output?: string;
}

/** What is to be evaluated, and how. */
type Plan = Pick<RunOptions, "toolkit" | "config" | "configFile" | "name"> & {
  /** Whether the result belongs into the run's own directory. */
  readonly keep: boolean;
};

/**
 * Scores the last checkpoint of a run, or any checkpoint, on target tasks and prints the table. A
 * run's own evaluation, without changes, is written to its directory.
 */
export async function evaluateCheckpoint(
  path: string,
  changes: readonly string[],
  flags: EvaluateFlags,
): Promise<void> {
  const parameters = await findParams(path);
  const { keep, ...plan } = await planFor(path, changes, flags);
  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  const options: RunOptions = {
    ...plan,
    directory: resolve(path),
    // Only the parameters are needed, not what trains them.
    config: { ...plan.config, train: { ...plan.config.train, steps: 0 } },
    signal,
    notify: progress.say,
    onEvent: progress.update,
  };
  try {
    progress.begin(plan.name);
    const open = await openRun(options);
    let record: EvaluationRecord;
    try {
      const params = await loadParams(open.model, parameters);
      record = await evaluateRun(open, params, options, { keep });
      disposeParams(params);
    } finally {
      await open.close();
    }
    progress.end();
    console.log(evaluationTable(record));
    if (flags.output) {
      await writeTextAtomically(resolve(flags.output), `${JSON.stringify(record, null, 2)}\n`);
    }
    const written = flags.output ?? (keep && runDirectory(path).evaluation);
    if (written) console.log(`Scores: ${relative(process.cwd(), resolve(written))}`);
  } finally {
    progress.end();
    release();
  }
}

async function planFor(
  path: string,
  changes: readonly string[],
  flags: EvaluateFlags,
): Promise<Plan> {
  const record = flags.config ? undefined : await readRunRecord(runDirectory(path));
  if (!record) {
    const { config, toolkit, file, overrides } = await openSession(flags.config, changes);
    const run = resolveRun(toolkit, firstRun(runsOf(config, overrides)));
    return { toolkit, configFile: file, config: run.config, name: path, keep: false };
  }
  const changed = checkConfig(mergeConfig(record.config, parseOverrides(changes)));
  const toolkit = createToolkit(await loadPlugins(record.plugins, record.configFile));
  return {
    toolkit,
    configFile: record.configFile,
    config: resolveRun(toolkit, firstRun(runsOf(changed))).config,
    name: `${record.name}, seed ${record.config.seed}`,
    keep: changes.length === 0,
  };
}

function firstRun([run]: readonly NamedRun[]): NamedRun {
  if (!run) throw new MetaError("BAD_CONFIG", "The config's comparison has no runs.");
  return run;
}
