import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { MetaError } from "@metalearn/core";
import {
  checkConfig,
  createToolkit,
  findParams,
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
import { isRecorded, loadLists } from "./listedPlugins.js";
import { officialPlugins } from "./officialPlugins.js";
import { openFoundSession, openSession, reopenSession, type Session } from "./session.js";
import { requireUsed } from "./usedPlugins.js";

/** Options of {@link openCheckpoint}. */
export interface CheckpointOptions {
  /** Config file to read the checkpoint with. @default that of its run, if it has one */
  readonly config?: string | undefined;
  /** Changes to the config, such as `evaluate.method=pmi`. */
  readonly changes?: readonly string[];
  /** Plugins that the command line names. A run's plugins are loaded only if these or the user's config name them. */
  readonly plugins?: readonly string[];
  /** True to score the checkpoint, which needs the tasks' data and not only their prompts. @default false */
  readonly needsTargets?: boolean;
}

/** A checkpoint with the config that describes it. */
export interface CheckpointSession {
  readonly toolkit: Toolkit;
  /** Name in messages. */
  readonly name: string;
  /** Complete and checked. */
  readonly config: RunConfig;
  readonly configFile: string | undefined;
  /**
   * Folder with the parameters; absent for a run that does not train, whose parameters are drawn from its
   * seed.
   */
  readonly parameters: string | undefined;
  /** Run whose directory the path is, if it is one. */
  readonly run?: {
    readonly record: RunRecord;
    /** Number of meta-updates that produced the parameters. */
    readonly update: number;
    readonly isTrained: boolean;
  };
}

/**
 * Opens a run, a checkpoint, or parameters in a model's own format, and finds the config that describes them: the
 * named one; else the record of their run; else the files beside them, which contain the architecture. With
 * `needsTargets`, a config found in the working folder precedes these files.
 *
 * @throws MetaError `MISSING_FILE` when there is no checkpoint, or no config with tasks to score it on; `BAD_OPTION` for a
 *   plugin that is of no use; errors in configs; `UNTRUSTED_PLUGIN` for a run with plugins that the user has not named
 */
export async function openCheckpoint(
  path: string,
  { config: configFlag, changes = [], plugins = [], needsTargets = false }: CheckpointOptions = {},
): Promise<CheckpointSession> {
  const weights = weightsOf(path);
  const named = { named: plugins };
  if (configFlag !== undefined) {
    const parameters = await findParams(path);
    const session = await openSession(configFlag, changes, named);
    return read(session, { name: path, parameters }, plugins);
  }
  const directory = runAbove(resolve(path));
  const record = directory && (await readRunRecord(runDirectory(directory)));
  if (record) {
    const isRun = directory === resolve(path);
    const parameters = record.updates === 0 ? undefined : await findParams(path);
    const session = await reopenSession(record, { changes, directory, named: plugins });
    const added = plugins.filter((name) => !isRecorded(name, record));
    if (!isRun) return read(session, { name: path, parameters }, added);
    const update = parameters === undefined ? 0 : Number(basename(dirname(parameters)));
    const isTrained = parameters === undefined || (await runCheckpoint(path))?.finished === true;
    const name = `${record.name}, seed ${record.config.seed}`;
    return read(session, { name, parameters, run: { record, update, isTrained } }, added);
  }
  const found = needsTargets ? await openFoundSession(changes, path, named) : undefined;
  if (found) return read(found, { name: path, parameters: await findParams(path) }, plugins);
  const session = await weightsSession(path, weights, { changes, plugins, needsTargets });
  return read(session, { name: path, parameters: undefined }, plugins); // the model's own, which it begins with
}

/** @param added plugins of the command line, each of which must be of use */
async function read(
  { toolkit, runs, file }: Omit<Session, "config">,
  found: Pick<CheckpointSession, "name" | "parameters" | "run">,
  added: readonly string[],
): Promise<CheckpointSession> {
  const { config } = resolveRun(toolkit, runs[0]);
  await requireUsed(added, config);
  return { toolkit, config, configFile: file, ...found };
}

/** Session for published parameters of any architecture, with prompts as MetaICL writes them. */
async function weightsSession(
  path: string,
  weights: string,
  { changes, plugins, needsTargets }: Required<Omit<CheckpointOptions, "config">>,
): Promise<Omit<Session, "config">> {
  const overrides = parseOverrides(changes);
  if (needsTargets && !("tasks" in overrides)) {
    throw new MetaError(
      "MISSING_FILE",
      `No config says what to score ${path} on: there is no metalearn.config.yaml (or .json, .js, .ts) here or above. Name one with --config, or tasks, such as tasks.root=data tasks.setting=hr_to_lr.`,
    );
  }
  const model = { weights };
  // Prompts need no data: root and setting are never read. Only MetaICL's data are cut as MetaICL cuts.
  const placeholders = { root: ".", setting: "none", maxTokens: "model" };
  const tasks = { use: "crossfit", ...(!needsTargets && placeholders) };
  const toolkit = createToolkit(await loadLists([{ plugins: officialPlugins }, { plugins }]));
  return { toolkit, runs: runsOf(checkConfig({ model, tasks }, { overrides })), file: undefined };
}

/**
 * Weights that the command line names, as a config names them: a path, or a model on the hub (`owner/name`, or a
 * GGUF file of one) if there is no folder `owner` here.
 *
 * @throws MetaError `BAD_OPTION` for an empty text
 */
export function weightsOf(path: string): string {
  if (path === "") {
    throw new MetaError(
      "BAD_OPTION",
      "Expected the path of a checkpoint or the name of a model on the hub, owner/name, got an empty text.",
    );
  }
  const [owner = "", name, ...rest] = path.split("/");
  const isPlainName = (part: string | undefined) =>
    part !== undefined && /^[\w-][\w.-]*$/.test(part);
  const isWhole = rest.length === 0 || path.endsWith(".gguf");
  const isOnHub = isPlainName(owner) && isPlainName(name) && isWhole && !existsSync(resolve(owner));
  return isOnHub ? path : resolve(path);
}

/**
 * Run directory above a path: `runs/x` for `runs/x/checkpoints/00000400/model`, or for any folder in between.
 */
function runAbove(path: string): string | undefined {
  const [checkpoint, checkpoints, run] = [0, 1, 2].map((levels) =>
    Array.from({ length: levels + 1 }).reduce<string>((at) => dirname(at), path),
  ) as [string, string, string];
  return [path, checkpoint, checkpoints, run].find((at) => existsSync(runDirectory(at).record));
}
