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
import { referencesOf } from "./componentsOf.js";
import { guardTracker } from "./guardTracker.js";
import { joinTrackers } from "./joinTrackers.js";
import { openAdaptation } from "./openAdaptation.js";
import { resolveRun } from "./resolveRun.js";
import { type RunDirectory, runDirectory } from "./runDirectory.js";
import type { RunEvent } from "./runEvent.js";
import { lockRun, type RunLock } from "./runLock.js";

/** Options of {@link openRun}: a run's name and config, and how it is carried out. */
export interface RunOptions extends NamedRun {
  readonly toolkit: Toolkit;
  /** The run's own directory. */
  readonly directory: string;
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Called as the run goes on. What it returns is waited for before the run goes on, save for
   * `message`, `open` and `compile`.
   */
  readonly onEvent?: (event: RunEvent) => unknown;
}

/** A run, ready to train and to be evaluated: what it is, its components, and who is told. */
export interface Run extends NamedRun {
  /** For messages: `maml (seed 1)`. */
  readonly title: string;
  readonly directory: string;
  /** The files of its directory. */
  readonly files: RunDirectory;
  readonly configFile: string | undefined;
  readonly plugins: readonly Plugin[];
  readonly signal: AbortSignal | undefined;

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
  readonly compute: ComputeOptions;
  /** How parameters are adapted to each target; absent when they are not. */
  readonly adaptation?: Adaptation;
  readonly tracker: Tracker | undefined;

  /** Tells an event; what it returns may be waited for. */
  emit(event: RunEvent): unknown;
  /** Tells the user something in one line. */
  notify(text: string): void;
  /**
   * Takes hold of the run's directory until the run is closed: whoever writes to it asks first.
   *
   * @throws MetaError `RUN_LOCKED` when another process has it
   */
  lock(): Promise<void>;
  close(): Promise<void>;
}

/** A run that trains. */
export type TrainingRun = Run & Required<Pick<Run, "training">>;

/**
 * Checks the components that a run names, and builds them.
 *
 * @throws MetaError `UNKNOWN_NAME` or `BAD_CONFIG` for a component that is not known, or has bad options;
 *   `BAD_CONFIG` when the model cannot do what the targets want, or a run that trains names no
 *   optimizer; what the components throw
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
    // Where nothing is trained, schedules of optimizers that adapt are at their first update.
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
      tasks: `${tasks.name}: ${trainingTasks.length} training tasks, ${targets.length} targets`,
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
        held ??= await lockRun(directory);
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

/** Meta-updates that a training makes. */
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

/** Makes sure that a run's parts suit each other. @throws MetaError `BAD_CONFIG` */
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

/** The run's trackers as one, none of which can disturb it. */
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
