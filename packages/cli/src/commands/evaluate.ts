import { relative, resolve } from "node:path";
import { disposeParams } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import {
  type EvaluationRecord,
  evaluateRun,
  openParams,
  openRun,
  runDirectory,
} from "@metalearn/core/runs";
import type { PluginFlags } from "../flags.js";
import { onInterrupt } from "../interrupt.js";
import { openCheckpoint } from "../openCheckpoint.js";
import { openProgress } from "../progress/progress.js";
import { evaluationTable } from "../terminalTables.js";

/** Flags of `metalearn evaluate`. */
export interface EvaluateFlags extends PluginFlags {
  readonly output?: string;
  readonly predictions?: string;
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
  const options = { config: flags.config, plugins: flags.plugin, changes, needsTargets: true };
  const { run: own, parameters, ...found } = await openCheckpoint(path, options);
  const keep = own?.isTrained === true && changes.length === 0;
  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  try {
    progress.begin(found.name);
    if (own && !own.isTrained) {
      progress.say(
        `This run is trained to update ${own.update} of ${own.record.updates}: its scores are printed, but not written to its directory.`,
      );
    }
    const directory = resolve(path);
    const run = await openRun({ ...found, directory, signal, onEvent: progress.update });
    let scores: EvaluationRecord;
    try {
      const params = await openParams(run.model, { parameters, seed: run.config.seed });
      const predictionsFile = flags.predictions && resolve(flags.predictions);
      scores = await evaluateRun(run, params, { keep, predictionsFile });
      disposeParams(params);
    } finally {
      await run.close();
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
