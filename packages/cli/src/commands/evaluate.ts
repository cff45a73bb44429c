import { basename, dirname, relative, resolve } from "node:path";
import { disposeParams } from "@metalearn/core";
import { loadTrainedParams, writeTextAtomically } from "@metalearn/core/files";
import {
  type EvaluationRecord,
  evaluateRun,
  findParams,
  openRun,
  type RunOptions,
  type RunRecord,
  readRunRecord,
  resolveRun,
  runCheckpoint,
  runDirectory,
} from "@metalearn/core/runs";
import { onInterrupt } from "../interrupt.js";
import { openProgress } from "../progress/progress.js";
import { openSession, reopenSession } from "../session.js";
import { evaluationTable } from "../tables.js";

/** Flags of `metalearn evaluate`. */
export interface EvaluateFlags {
  readonly config?: string;
  readonly output?: string;
  readonly predictions?: string;
}

/** What is to be evaluated, and how. */
interface Plan extends Pick<RunOptions, "toolkit" | "config" | "configFile" | "name"> {
  /** The folder with the parameters; a run that does not train draws them from its seed. */
  readonly parameters: string | undefined;
  /** Whether the result belongs into the run's own directory. */
  readonly keep: boolean;
  /** What the user should know about the result. */
  readonly remark?: string;
}

/**
 * Scores the last checkpoint of a run, or any checkpoint, on target tasks and prints the table. A
 * trained run's own evaluation, without changes, is written to its directory.
 */
export async function evaluateCheckpoint(
  path: string,
  changes: readonly string[],
  flags: EvaluateFlags,
): Promise<void> {
  const record = flags.config ? undefined : await readRunRecord(runDirectory(path));
  const { parameters, keep, remark, ...plan } = record
    ? await planOfRun(path, record, changes)
    : await planOfCheckpoint(path, changes, flags);
  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  const options: RunOptions = {
    ...plan,
    directory: resolve(path),
    signal,
    notify: progress.say,
    onEvent: progress.update,
  };
  try {
    progress.begin(plan.name);
    if (remark) progress.say(remark);
    const open = await openRun(options);
    let scores: EvaluationRecord;
    try {
      const params = parameters
        ? await loadTrainedParams(open.model, parameters)
        : await open.model.init(plan.config.seed);
      const predictionsFile = flags.predictions && resolve(flags.predictions);
      scores = await evaluateRun(open, params, options, { keep, predictionsFile });
      disposeParams(params);
    } finally {
      await open.close();
    }
    progress.end();
    console.log(evaluationTable(scores));
    if (flags.output) {
      await writeTextAtomically(resolve(flags.output), `${JSON.stringify(scores, null, 2)}\n`);
    }
    const written = flags.output ?? (keep && runDirectory(path).evaluation);
    if (written) console.log(`Scores: ${relative(process.cwd(), resolve(written))}`);
    if (flags.predictions) console.log(`Predictions: ${flags.predictions}`);
  } finally {
    progress.end();
    release();
  }
}

/** A run's folder knows its config. */
async function planOfRun(
  path: string,
  record: RunRecord,
  changes: readonly string[],
): Promise<Plan> {
  const { toolkit, runs, file } = await reopenSession(record, changes);
  const { config } = resolveRun(toolkit, runs[0]);
  const name = `${record.name}, seed ${record.config.seed}`;
  const plan = { toolkit, config, configFile: file, name, keep: changes.length === 0 };
  if (record.updates === 0) return { ...plan, parameters: undefined };
  const parameters = await findParams(path);
  if ((await runCheckpoint(path))?.finished) return { ...plan, parameters };
  const reached = Number(basename(dirname(parameters)));
  const remark = `This run is trained to update ${reached} of ${record.updates}: its scores are shown, and not kept.`;
  return { ...plan, parameters, keep: false, remark };
}

/** Any other parameters are read and scored as the config says, by its first run if it has several. */
async function planOfCheckpoint(
  path: string,
  changes: readonly string[],
  flags: EvaluateFlags,
): Promise<Plan> {
  const parameters = await findParams(path);
  const { toolkit, runs, file } = await openSession(flags.config, changes);
  const { config } = resolveRun(toolkit, runs[0]);
  return { toolkit, config, configFile: file, name: path, parameters, keep: false };
}
