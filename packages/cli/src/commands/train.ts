import { join, relative, resolve } from "node:path";
import {
  disposeParams,
  MetaError,
  type NamedRun,
  openRun,
  resolveRun,
  runsOf,
  trainRun,
} from "@metalearn/core";
import { onInterrupt } from "../interrupt.js";
import { openProgress } from "../progress.js";
import { openSession } from "../session.js";

/** Flags of `metalearn train`. */
export interface TrainFlags {
  readonly config?: string;
  readonly run?: string;
}

/** Trains one run of a config in its directory. */
export async function train(changes: readonly string[], flags: TrainFlags): Promise<void> {
  const { config, toolkit, file, overrides } = await openSession(flags.config, changes);
  const run = resolveRun(toolkit, chooseRun(runsOf(config, overrides), flags.run));
  if (!run.config.learner) {
    throw new MetaError("BAD_CONFIG", `The run "${run.name}" names no learner, so nothing trains.`);
  }
  const directory = resolve(config.out, `${run.name}-seed${run.config.seed}`);
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

function chooseRun(runs: readonly NamedRun[], name: string | undefined): NamedRun {
  const names = [...new Set(runs.map((run) => run.name))];
  const chosen = runs.find((run) => run.name === (name ?? names[0]));
  if (chosen && (name !== undefined || names.length === 1)) return chosen;
  throw new MetaError(
    name === undefined ? "BAD_OPTION" : "UNKNOWN_NAME",
    name === undefined
      ? `The config has several runs. Choose one with --run: ${names.join(", ")}.`
      : `The config has no run called "${name}". It has: ${names.join(", ")}.`,
  );
}
