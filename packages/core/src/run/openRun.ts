import type { NamedRun } from "../config/runsOf.js";
import { computeOptionsOf, type RunConfig } from "../config/schema.js";
import type { Learner } from "../contracts/learner.js";
import { isLanguageModel, isPredictor, type Model } from "../contracts/model.js";
import type { MetaOptimizer } from "../contracts/optimizer.js";
import { type Compilation, compileSeconds, type TensorRuntime } from "../contracts/runtime.js";
import { batchesPerUpdate, type TaskSource } from "../contracts/task.js";
import type { Tracker } from "../contracts/tracker.js";
import { MetaError } from "../errors.js";
import type { Adaptation } from "../evaluate/adaptation.js";
import type { ComputeOptions } from "../objective/computeOptions.js";
import type { Plugin } from "../plugin/plugin.js";
import type { Scope, Toolkit } from "../plugin/toolkit.js";
import { counted } from "../text/counted.js";
import { referencesOf } from "./componentsOf.js";
import type { RunEvent } from "./events/runEvent.js";
import { lockRun, type RunLock } from "./lock/runLock.js";
import { openAdaptation } from "./openAdaptation.js";
import { type RunDirectory, runDirectory } from "./record/runDirectory.js";
import { resolveRun } from "./resolveRun.js";
import { guardTracker } from "./tracking/guardTracker.js";
import { joinTrackers } from "./tracking/joinTrackers.js";

/** Options of {@link openRun}: a run's name and config, its directory and its callbacks. */
export interface RunOptions extends NamedRun {
  readonly toolkit: Toolkit;
  /** The run's own directory. */
  readonly directory: string;
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with every event of the run. A promise that it returns is awaited before the run continues,
   * except for `message`, `open` and `compile`.
   */
  readonly onEvent?: (event: RunEvent) => unknown;
}

/** A run that is ready to train and be evaluated: config, directory, components, events. */
export interface Run extends NamedRun {
  /** Name for messages, for example `maml (seed 1)`. */
  readonly title: string;
  readonly directory: string;
  /** Paths of the files in its directory. */
  readonly files: RunDirectory;
  readonly configFile: string | undefined;
  readonly plugins: readonly Plugin[];
  readonly signal: AbortSignal | undefined;

  readonly runtime: TensorRuntime;
  readonly model: Model;
  readonly tasks: TaskSource;
  /** Components of meta-training. Absent if the run has no learner or no steps and keeps its initial parameters. */
  readonly training?: {
    readonly learner: Learner;
    readonly optimizer: MetaOptimizer;
    /** Number of meta-updates. */
    readonly updates: number;
  };
  readonly compute: ComputeOptions;
  /** Adaptation to each target before it is scored. Absent if parameters are scored as they are. */
  readonly adaptation?: Adaptation;
  readonly tracker: Tracker | undefined;

  /** Emits an event. The result may be a promise, to be awaited. */
  emit(event: RunEvent): unknown;
  /** Emits a one-line message to the user. */
  notify(text: string): void;
  /**
   * Locks the run's directory until the run is closed, or confirms that it is still locked. Must be called before
   * writing to the directory.
   *
   * @throws MetaError `RUN_LOCKED` when another process holds the lock
   */
  lock(): Promise<void>;
  /** Releases the lock, closes the tracker and frees the components. */
  close(): Promise<void>;
}

/** A run that trains. */
export type TrainingRun = Run & Required<Pick<Run, "training">>;

/**
 * Checks and builds the components that a run's config names.
 *
 * @throws MetaError `UNKNOWN_NAME` or `BAD_CONFIG` for an unknown component or bad options; `BAD_CONFIG`
 *   when the model does not suit the targets, or a run that trains names no optimizer; errors of the
 *   components
 */
export async function openRun(options: RunOptions): Promise<Run> {
  const { toolkit, directory, configFile, signal } = options;
  const { name, config } = resolveRun(toolkit, options);
  const { seed, train } = config;
  const emit = (event: RunEvent) => options.onEvent?.(event);
  const notify = (text: string) => void emit({ kind: "message", text });
  const scope = toolkit.open({
    seed,
    references: referencesOf(config),
    // Without training, the learning-rate schedules of adaptation stay at their first update.
    updates: (learner) => Math.max(1, updatesOf(train, learner)),
    configFile,
    notify,
  });
  try {
    const runtime = await scope.get("runtime"); // first, so that all tensors live on it
    tellCompilations(runtime, emit);
    const model = await scope.get("model");
    const tasks = await scope.get("tasks");
    requireSuitable(config, model, tasks);
    const learner = config.learner && (await scope.get("learner"));
    const updates = updatesOf(train, learner);
    const trains = learner && updates > 0;
    const training = trains && { learner, optimizer: await scope.get("optimizer"), updates };
    const adapt = config.evaluate.adapt ?? (hasEpisodes(tasks) && learner ? "own" : undefined);
    const adaptation = adapt && (await openAdaptation(scope, config, adapt));
    const tracker = await openTracker(scope, config, notify);
    const { trainingTasks, targets } = tasks;
    emit({
      kind: "open",
      engine: `${runtime.name} ${runtime.version} on ${runtime.device}`,
      tasks: `${tasks.name}: ${counted(trainingTasks.length, "training task")}, ${counted(targets.length, "target")}`,
    });
    let held: RunLock | undefined;
    return {
      name,
      config,
      title: `${name} (seed ${seed})`,
      directory,
      files: runDirectory(directory),
      configFile,
      plugins: toolkit.plugins,
      signal,
      runtime,
      model,
      tasks,
      ...(training && { training }),
      compute: computeOptionsOf(config),
      ...(adaptation && { adaptation }),
      tracker,
      emit,
      notify,
      async lock() {
        if (held) await held.confirm();
        else held = await lockRun(directory, { notify, signal });
      },
      async close() {
        await held?.release();
        await tracker?.close();
        await scope.dispose();
      },
    };
  } catch (error) {
    await scope.dispose();
    throw error;
  }
}

/** Number of meta-updates of a run; with `stepUnit: batches`, rounded up to whole updates. */
function updatesOf({ steps, stepUnit }: RunConfig["train"], learner: Learner | undefined): number {
  const perBatch = learner && stepUnit === "batches";
  return Math.ceil(steps / (perBatch ? batchesPerUpdate(learner.episodes) : 1));
}

function tellCompilations(runtime: TensorRuntime, emit: Run["emit"]): void {
  const compiling = ({ name, mode, shapes }: Omit<Compilation, "firstRunMs">) =>
    ({ kind: "compile", name, mode, shapes }) as const;
  runtime.onCompile?.({
    begin: (compilation) => emit(compiling(compilation)),
    end: (compilation) =>
      emit({ ...compiling(compilation), seconds: compileSeconds([compilation]) }),
  });
}

function hasEpisodes({ targets }: TaskSource): boolean {
  return targets.some((target) => "episodes" in target);
}

/** Checks that model, tasks and validation suit each other. @throws MetaError `BAD_CONFIG` */
function requireSuitable(config: RunConfig, model: Model, tasks: TaskSource): void {
  const episodes = hasEpisodes(tasks);
  if (!(episodes ? isPredictor(model) : isLanguageModel(model))) {
    const [how, expected] = episodes
      ? ["on episodes", "model with outputs"]
      : ["in context", "language model"];
    throw new MetaError(
      "BAD_CONFIG",
      `model (${config.model.use}): evaluation ${how} needs a ${expected}.`,
    );
  }
  if (config.train.validate && !tasks.devTargets?.length) {
    throw new MetaError(
      "BAD_CONFIG",
      `train.validate: expected tasks to validate on, but ${tasks.name} has none. Name some in the options of tasks (${config.tasks.use}), if it takes any.`,
    );
  }
}

/** Opens the run's trackers as one; their errors cannot fail the run. */
async function openTracker(
  scope: Scope,
  { tracker = [] }: RunConfig,
  notify: Run["notify"],
): Promise<Required<Tracker> | undefined> {
  const guarded = await Promise.all(
    [tracker].flat().map(async (reference) => {
      const own = await scope.create("tracker", reference);
      return guardTracker(own, { notify });
    }),
  );
  return guarded.length > 0 ? joinTrackers(guarded) : undefined;
}
