import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { MetaError } from "@metalearn/core";
import {
  checkConfig,
  createToolkit,
  findParams,
  loadPlugins,
  parseOverrides,
  type RunConfig,
  type RunRecord,
  readRunRecord,
  resolveRun,
  runCheckpoint,
  runDirectory,
  runsOf,
  type Toolkit,
} from "@metalearn/core/runs";
import { officialPlugins } from "./officialPlugins.js";
import { openFoundSession, openSession, reopenSession, type Session } from "./session.js";

/** Options of {@link openCheckpoint}. */
export interface CheckpointOptions {
  /** The config file to read it by. @default that of its run, if it has one */
  readonly config?: string | undefined;
  /** Changes to the config, such as `evaluate.method=pmi`. */
  readonly changes?: readonly string[];
  /** The checkpoint is to be scored, which takes the tasks' data, and not just their prompts. @default false */
  readonly needsTargets?: boolean;
}

/** A checkpoint with the config that it is to be read by. */
export interface CheckpointSession {
  readonly toolkit: Toolkit;
  /** For messages. */
  readonly name: string;
  /** Complete and checked. */
  readonly config: RunConfig;
  readonly configFile: string | undefined;
  /** The folder with the parameters; a run that does not train draws them from its seed. */
  readonly parameters: string | undefined;
  /** The run that the path is the folder of, if it is. */
  readonly run?: {
    readonly record: RunRecord;
    /** Meta-updates that its parameters have seen. */
    readonly update: number;
    readonly isTrained: boolean;
  };
}

/**
 * Opens a run, a checkpoint or parameters in a model's own format, and finds out how they are to be
 * read: by the config that is named; else by the record of the run that they belong to, which may be
 * some folders above; else by the plugin that recognizes them. One of these that is to be scored is read by
 * the config that is found by itself, where there is one.
 *
 * @throws MetaError `MISSING_FILE` when there is no checkpoint, or nothing says what to score it on; what
 *   configs can be wrong in
 */
export async function openCheckpoint(
  path: string,
  { config: configFlag, changes = [], needsTargets = false }: CheckpointOptions = {},
): Promise<CheckpointSession> {
  if (configFlag !== undefined) {
    const parameters = await findParams(path);
    return read(await openSession(configFlag, changes), { name: path, parameters });
  }
  const directory = runAbove(resolve(path));
  const record = directory && (await readRunRecord(runDirectory(directory)));
  if (record) {
    const isRun = directory === resolve(path);
    const parameters = record.updates === 0 ? undefined : await findParams(path);
    const session = await reopenSession(record, changes);
    if (!isRun) return read(session, { name: path, parameters });
    const update = parameters === undefined ? 0 : Number(basename(dirname(parameters)));
    const isTrained = parameters === undefined || (await runCheckpoint(path))?.finished === true;
    const name = `${record.name}, seed ${record.config.seed}`;
    return read(session, { name, parameters, run: { record, update, isTrained } });
  }
  const parameters = await findParams(path);
  const found = needsTargets ? await openFoundSession(changes) : undefined;
  const session = found ?? (await publishedSession(parameters, { path, changes, needsTargets }));
  return read(session, { name: path, parameters });
}

function read(
  { toolkit, runs, file }: Omit<Session, "config">,
  found: Pick<CheckpointSession, "name" | "parameters" | "run">,
): CheckpointSession {
  return { toolkit, config: resolveRun(toolkit, runs[0]).config, configFile: file, ...found };
}

/** A session for published parameters, with prompts as MetaICL writes them. */
async function publishedSession(
  parameters: string,
  { path, changes, needsTargets }: Required<Omit<CheckpointOptions, "config">> & { path: string },
): Promise<Omit<Session, "config">> {
  const overrides = parseOverrides(changes);
  if (needsTargets && !("tasks" in overrides)) {
    throw new MetaError(
      "MISSING_FILE",
      `Nothing says what to score ${path} on: there is no metalearn.config.yaml (or .json, .js, .ts) here or above. Name one with --config, or tasks, such as tasks.root=data tasks.setting=hr_to_lr.`,
    );
  }
  const toolkit = createToolkit(await loadPlugins(officialPlugins));
  const weights = resolve(parameters);
  const model = { use: await modelFor(weights, toolkit), weights };
  // Prompts need no data: what these names stand for is never looked for.
  const tasks = { use: "crossfit", ...(!needsTargets && { root: ".", setting: "none" }) };
  return { toolkit, runs: runsOf(checkConfig({ model, tasks }, { overrides })), file: undefined };
}

/** The model that recognizes parameters; files of tensors alone are taken for a GPT-2's. */
async function modelFor(weights: string, { plugins }: Toolkit): Promise<string> {
  for (const { recognizers = {} } of plugins) {
    for (const [model, recognizes] of Object.entries(recognizers)) {
      if (await recognizes(weights)) return model;
    }
  }
  return "gpt2";
}

/** `runs/x` of `runs/x/checkpoints/00000400/model`, or of any folder on the way. */
function runAbove(path: string): string | undefined {
  const [checkpoint, checkpoints, run] = [0, 1, 2].map((levels) =>
    Array.from({ length: levels + 1 }).reduce<string>((at) => dirname(at), path),
  ) as [string, string, string];
  return [path, checkpoint, checkpoints, run].find((at) => existsSync(runDirectory(at).record));
}
