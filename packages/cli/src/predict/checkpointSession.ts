import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  checkConfig,
  createToolkit,
  findParams,
  loadPlugins,
  type NamedRun,
  parseOverrides,
  readRunRecord,
  resolveRun,
  runDirectory,
  runsOf,
  type Toolkit,
} from "@metalearn/core/runs";
import { officialPlugins, openSession, reopenSession } from "../session.js";

/** A checkpoint with the config that it is to be read by. */
export interface CheckpointSession {
  readonly toolkit: Toolkit;
  readonly config: NamedRun["config"];
  readonly configFile: string | undefined;
  /** The folder with the parameters; a run that does not train draws them from its seed. */
  readonly parameters: string | undefined;
}

/**
 * Finds out what a checkpoint is: by the config that is named; else by the record of the run that it
 * belongs to, which may be some folders above; else it is a GPT-2 in Hugging Face's format.
 *
 * @throws MetaError `MISSING_FILE` when there is no checkpoint; what configs can be wrong in
 */
export async function checkpointSession(
  path: string,
  configFlag: string | undefined,
  changes: readonly string[],
): Promise<CheckpointSession> {
  if (configFlag !== undefined) {
    const { toolkit, runs, file } = await openSession(configFlag, changes);
    const { config } = resolveRun(toolkit, runs[0]);
    return { toolkit, config, configFile: file, parameters: await findParams(path) };
  }
  const directory = runAbove(resolve(path));
  const record = directory && (await readRunRecord(runDirectory(directory)));
  if (record) {
    const { toolkit, runs, file } = await reopenSession(record, changes);
    const { config } = resolveRun(toolkit, runs[0]);
    const parameters = record.updates === 0 ? undefined : await findParams(path);
    return { toolkit, config, configFile: file, parameters };
  }
  const parameters = await findParams(path);
  const weights = resolve(parameters);
  const config = checkConfig(
    {
      model: { use: "gpt2", weights },
      // Prompts as MetaICL writes them; the data that the tasks name is never looked for.
      tasks: { use: "crossfit", root: ".", setting: "none" },
    },
    parseOverrides(changes),
  );
  const toolkit = createToolkit(await loadPlugins(officialPlugins));
  const [run] = runsOf(config) as [NamedRun];
  return { toolkit, config: resolveRun(toolkit, run).config, configFile: undefined, parameters };
}

/** `runs/x` of `runs/x/checkpoints/00000400/model`, or of any folder on the way. */
function runAbove(path: string): string | undefined {
  const [checkpoint, checkpoints, run] = [0, 1, 2].map((levels) =>
    Array.from({ length: levels + 1 }).reduce<string>((at) => dirname(at), path),
  ) as [string, string, string];
  return [path, checkpoint, checkpoints, run].find((at) => existsSync(runDirectory(at).record));
}
