import { join, relative } from "node:path";
import { disposeParams, MetaError } from "@metalearn/core";
import { openRun, resolveRun, runPath, trainRun } from "@metalearn/core/runs";
import { chooseRun } from "../chooseRun.js";
import { onInterrupt } from "../interrupt.js";
import { outFolder } from "../outFolder.js";
import { printPlan } from "../plan/printPlan.js";
import { openProgress } from "../progress/progress.js";
import { requireBegun } from "../resume.js";
import { openSession } from "../session.js";

/** Flags of `metalearn train`. */
export interface TrainFlags {
  readonly config?: string;
  readonly run?: string;
  readonly dryRun: boolean;
  readonly resume?: boolean;
}

/** Trains one run of a config in its directory. */
export async function train(changes: readonly string[], flags: TrainFlags): Promise<void> {
  const { config, toolkit, file, runs } = await openSession(flags.config, changes);
  const run = resolveRun(toolkit, chooseRun(runs, flags.run));
  if (!run.config.learner) {
    throw new MetaError("BAD_CONFIG", `The run "${run.name}" names no learner, so nothing trains.`);
  }
  const out = outFolder(config.out);
  if (flags.dryRun) return printPlan({ toolkit, runs: [run], out, configFile: file });
  const directory = runPath(out, run);
  if (flags.resume) requireBegun([directory]);
  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  const options = {
    toolkit,
    directory,
    signal,
    config: run.config,
    name: run.name,
    configFile: file,
    notify: progress.say,
    onEvent: progress.update,
  };
  try {
    progress.begin(`${run.name}, seed ${run.config.seed}`);
    const open = await openRun(options);
    try {
      disposeParams(await trainRun(open, options));
    } finally {
      await open.close();
    }
    progress.end();
    console.log(`Trained. Checkpoints: ${relative(process.cwd(), join(directory, "checkpoints"))}`);
    console.log(`Next: metalearn evaluate ${relative(process.cwd(), directory)}`);
  } finally {
    progress.end();
    release();
  }
}
