import { join, relative, resolve } from "node:path";
import {
  disposeParams,
  MetaError,
  type NamedRun,
  openRun,
  resolveRun,
  runPath,
  trainRun,
  unknownName,
} from "@metalearn/core";
import { onInterrupt } from "../interrupt.js";
import { openProgress } from "../progress/progress.js";
import { requireBegun } from "../resume.js";
import { openSession, type Session } from "../session.js";

/** Flags of `metalearn train`. */
export interface TrainFlags {
  readonly config?: string;
  readonly run?: string;
  readonly resume?: boolean;
}

/** Trains one run of a config in its directory. */
export async function train(changes: readonly string[], flags: TrainFlags): Promise<void> {
  const { config, toolkit, file, runs } = await openSession(flags.config, changes);
  const run = resolveRun(toolkit, chooseRun(runs, flags.run));
  if (!run.config.learner) {
    throw new MetaError("BAD_CONFIG", `The run "${run.name}" names no learner, so nothing trains.`);
  }
  const directory = runPath(resolve(config.out), run);
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

/** The run with this name and the first seed, or the only one there is. */
function chooseRun(runs: Session["runs"], name: string | undefined): NamedRun {
  const names = [...new Set(runs.map((run) => run.name))];
  if (name === undefined && names.length > 1) {
    throw new MetaError(
      "BAD_OPTION",
      `The config has several runs. Choose one with --run: ${names.join(", ")}.`,
    );
  }
  const chosen = runs.find((run) => run.name === (name ?? names[0]));
  if (!chosen) throw unknownName("run", name ?? "", names);
  return chosen;
}
