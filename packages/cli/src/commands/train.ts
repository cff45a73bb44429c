import { join, relative } from "node:path";
import { disposeParams, MetaError } from "@metalearn/core";
import { openRun, resolveRun, runPath, trainRun } from "@metalearn/core/runs";
import { chooseRun, outFolder, requireBegun } from "../chosenRuns.js";
import type { ConfigFlags } from "../flags.js";
import { onInterrupt } from "../interrupt.js";
import { printPlan } from "../plan/printPlan.js";
import { openProgress } from "../progress/progress.js";
import { openSession } from "../session.js";

/** Flags of `metalearn train`. */
export interface TrainFlags extends ConfigFlags {
  readonly run?: string;
  readonly dryRun: boolean;
  readonly resume?: boolean;
}

/** Trains one run of a config in its directory. */
export async function train(changes: readonly string[], flags: TrainFlags): Promise<void> {
  const { config, toolkit, file, runs } = await openSession(flags.config, changes);
  const named = resolveRun(toolkit, chooseRun(runs, flags.run));
  if (!named.config.learner) {
    throw new MetaError(
      "BAD_CONFIG",
      `The run "${named.name}" names no learner, so nothing trains.`,
    );
  }
  const out = outFolder(config.out);
  if (flags.dryRun) return printPlan({ toolkit, runs: [named], out, configFile: file });
  const directory = runPath(out, named);
  if (flags.resume) requireBegun([directory]);
  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  try {
    progress.begin(`${named.name}, seed ${named.config.seed}`);
    const onEvent = progress.update;
    const run = await openRun({ toolkit, ...named, directory, configFile: file, signal, onEvent });
    try {
      disposeParams(await trainRun(run));
    } finally {
      await run.close();
    }
    progress.end();
    console.log(`Trained. Checkpoints: ${relative(process.cwd(), join(directory, "checkpoints"))}`);
    console.log(`Next: metalearn evaluate ${relative(process.cwd(), directory)}`);
  } finally {
    progress.end();
    release();
  }
}
