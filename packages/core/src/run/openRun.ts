import type { RunConfig } from "../config/schema.js";
import type { Learner } from "../contracts/learner.js";
import { isLanguageModel, isPredictor, type Model } from "../contracts/model.js";
import type { MetaOptimizer } from "../contracts/optimizer.js";
import {
  type Compilation,
  type CompileMode,
  compileSeconds,
  type TensorRuntime,
} from "../contracts/runtime.js";
import { batchesPerUpdate, type TaskSource } from "../contracts/task.js";
import type { Tracker } from "../contracts/tracker.js";
import { MetaError } from "../errors.js";
import type { Adaptation } from "../evaluate/adaptation.js";
import type { Reference } from "../plugin/plugin.js";
import type { Toolkit } from "../plugin/toolkit.js";
import { guardTracker } from "./guardTracker.js";
import { joinTrackers } from "./joinTrackers.js";
import { openAdaptation } from "./openAdaptation.js";
import { lockRun, type RunLock } from "./runLock.js";

/** How a run is carried out, besides its config. */
export interface RunOptions {
  readonly toolkit: Toolkit;
  readonly config: RunConfig;
  /** For the record and for messages. */
  readonly name: string;
  /** The run's own directory. */
  readonly directory: string;
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Tells the user something in one line. */
  readonly notify?: (message: string) => void;
  /**
   * Called as the run goes on. What it returns is waited for before the run goes on, save for `open`
   * and `compile`.
   */
  readonly onEvent?: (event: RunEvent) => unknown;
}

/** A run for messages: `maml (seed 1)`. */
export function runTitle({ name, config }: Pick<RunOptions, "name" | "config">): string {
  return `${name} (seed ${config.seed})`;
}

/** Where a run stands. */
export type RunEvent =
  | {
      readonly kind: "open";
      /** For example `tensorflow 2.21.0 on cpu`. */
      readonly engine: string;
      /** For example `crossfit/hr_to_lr: 41 training tasks, 26 targets`. */
      readonly tasks: string;
    }
  | {
      /** A function is about to be compiled, and then, with `seconds`, it was: nothing comes between. */
      readonly kind: "compile";
      readonly name: string;
      readonly mode: CompileMode;
      /** {@link Compilation.shapes} */
      readonly shapes: number;
      /** How long recording and the first run took. */
      readonly seconds?: number;
    }
  | {
      /** A meta-update was made. */
      readonly kind: "train";
      /** Meta-updates so far. */
      readonly done: number;
      readonly total: number;
      /** As {@link MetaUpdate} has them. */
      readonly loss: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      readonly tokens: number;
      readonly seconds: number;
    }
  | {
      /** The parameters were scored on dev tasks. */
      readonly kind: "validated";
      readonly update: number;
      readonly score: number;
      readonly isBest: boolean;
    }
  | {
      /** A checkpoint was written. */
      readonly kind: "checkpoint";
      readonly update: number;
      readonly directory: string;
    }
  | {
      /** A target task, or while a run trains a dev task, was scored with one seed. */
      readonly kind: "evaluate" | "validate";
      readonly done: number;
      readonly total: number;
      readonly task: string;
    };

/** A run's components, ready to work. */
export interface OpenRun {
  readonly runtime: TensorRuntime;
  readonly model: Model;
  readonly tasks: TaskSource;
  /** What trains; absent when the run has no learner, or no steps, and keeps its initial parameters. */
  readonly training?: {
    readonly learner: Learner;
    readonly optimizer: MetaOptimizer;
    /** Meta-updates to make. */
    readonly updates: number;
  };
  /** How parameters are adapted to each target; absent when they are not. */
  readonly adaptation?: Adaptation;
  readonly tracker: Tracker | undefined;
  /**
   * Takes hold of the run's directory until the run is closed: whoever writes to it asks first.
   *
   * @throws MetaError `RUN_LOCKED` when another process has it
   */
  lock(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Builds the components of a run.
 *
 * @throws MetaError `BAD_CONFIG` when the model cannot do what the targets want, or a run that trains
 *   names no optimizer
 */
export async function openRun({
  toolkit,
  config,
  configFile,
  directory,
  notify,
  onEvent,
}: RunOptions): Promise<OpenRun> {
  const { seed, train, evaluate, trainable: _, tracker: trackers = [], ...references } = config;
  const bench = toolkit.open({
    seed,
    references: references as Record<string, Reference>,
    configFile,
    notify,
  });
  try {
    const runtime = await bench.get("runtime"); // first, so that all tensors live on it
    const compiling = ({ name, mode, shapes }: Omit<Compilation, "firstRunMs">) =>
      ({ kind: "compile", name, mode, shapes }) as const;
    runtime.onCompile?.({
      begin: (compilation) => onEvent?.(compiling(compilation)),
      end: (compilation) =>
        onEvent?.({ ...compiling(compilation), seconds: compileSeconds([compilation]) }),
    });
    const model = await bench.get("model");
    const tasks = await bench.get("tasks");
    const hasEpisodes = tasks.targets.some((target) => "episodes" in target);
    if (!(hasEpisodes ? isPredictor(model) : isLanguageModel(model))) {
      const [how, wanted] = hasEpisodes
        ? ["on episodes", "model with outputs"]
        : ["in context", "language model"];
      throw new MetaError(
        "BAD_CONFIG",
        `model (${config.model.use}): evaluation ${how} needs a ${wanted}.`,
      );
    }
    if (train.validate && !tasks.devTargets?.length) {
      throw new MetaError(
        "BAD_CONFIG",
        `train.validate: wanted tasks to validate on; ${tasks.name} has none. Name some in the options of tasks (${config.tasks.use}), if it takes any.`,
      );
    }
    const learner = config.learner && (await bench.get("learner"));
    const perBatch = learner && train.stepUnit === "batches";
    const updates = Math.ceil(train.steps / (perBatch ? batchesPerUpdate(learner.episodes) : 1));
    // Where nothing is trained, schedules of optimizers that adapt are at their first update.
    bench.plan(Math.max(1, updates));
    const trains = learner && updates > 0;
    const training = trains && { learner, optimizer: await bench.get("optimizer"), updates };
    const adapt = evaluate.adapt ?? (hasEpisodes && learner ? "own" : undefined);
    const adaptation = adapt && (await openAdaptation(bench, config, adapt));
    const guarded = await Promise.all(
      [trackers].flat().map(async (reference) =>
        guardTracker(await bench.create("tracker", reference), {
          notify: (message) => notify?.(message),
        }),
      ),
    );
    const tracker = guarded.length > 0 ? joinTrackers(guarded) : undefined;
    const { trainingTasks, targets } = tasks;
    onEvent?.({
      kind: "open",
      engine: `${runtime.name} ${runtime.version} on ${runtime.device}`,
      tasks: `${tasks.name}: ${trainingTasks.length} training tasks, ${targets.length} targets`,
    });
    let held: RunLock | undefined;
    return {
      runtime,
      model,
      tasks,
      ...(training && { training }),
      ...(adaptation && { adaptation }),
      tracker,
      async lock() {
        held ??= await lockRun(directory);
      },
      async close() {
        await held?.release();
        await tracker?.close();
        await bench.dispose();
      },
    };
  } catch (error) {
    await bench.dispose();
    throw error;
  }
}
