import type { z } from "zod";
import type { DataSupport } from "../contracts/dataCommand.js";
import type { Launcher } from "../contracts/launcher.js";
import type { Learner } from "../contracts/learner.js";
import type { MachineSupport } from "../contracts/machine.js";
import type { Model, ModelAdapter } from "../contracts/model.js";
import type { MetaOptimizer } from "../contracts/optimizer.js";
import type { Prompter } from "../contracts/prompter.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { TaskSource } from "../contracts/task.js";
import type { Tracker } from "../contracts/tracker.js";
import type { Components, Kind } from "./components.js";
import type { Reference } from "./reference.js";

/** Context in which a factory builds a component. */
export interface FactoryContext {
  /** The run's seed. */
  readonly seed: number;
  /**
   * Gets the run's component of another kind, such as the model, whose tokenizer the data needs. A model
   * comes with its adapter.
   */
  get<K extends Kind>(kind: K): Promise<Components[K]>;
  /** Builds another component, such as the model that `auto` chooses. */
  create<K extends Kind>(kind: K, reference: Reference): Promise<Components[K]>;
  /** Plugins of the toolkit. */
  readonly plugins: readonly Plugin[];
  /** Resolves a path in the options, relative to the config file, to an absolute path. */
  path(path: string): string;
  /**
   * Total number of meta-updates, for learning-rate schedules.
   *
   * @throws MetaError `BAD_OPTION` if it is not known, as without a run
   */
  totalUpdates(): number;
  /** Sends the user a one-line message. */
  notify(message: string): void;
}

/** Builds a component from checked options. Options that are components are built before. */
export interface Factory<T> {
  /** Schema of the options: checks, defaults and documentation. */
  readonly options: z.ZodObject;
  create(options: unknown, context: FactoryContext): T | Promise<T>;
}

/** The components of a package, by their names in a config. */
export interface Plugin {
  readonly name: string;
  /** Version of the package. Set by `loadPlugins`. */
  readonly version?: string;
  /** Name of the plugin in the config, a package or a file. Set by `loadPlugins`. */
  readonly origin?: string;
  /** File that it was loaded from. Set by `loadPlugins`. */
  readonly file?: string;
  readonly runtimes?: Readonly<Record<string, Factory<TensorRuntime>>>;
  readonly models?: Readonly<Record<string, Factory<Model>>>;
  /**
   * Names in `models` by the checkpoints that they open as `weights`: by `model_type` in a checkpoint's
   * config.json, which GGUF calls its architecture. The model `auto` chooses by it.
   */
  readonly checkpoints?: Readonly<Record<string, string>>;
  readonly adapters?: Readonly<Record<string, Factory<ModelAdapter>>>;
  /**
   * Names in `adapters` by the adapters of PEFT that they open as `weights`: by `peft_type` in adapter_config.json.
   * The model `auto` chooses by it.
   */
  readonly peftTypes?: Readonly<Record<string, string>>;
  readonly tasks?: Readonly<Record<string, Factory<TaskSource>>>;
  readonly learners?: Readonly<Record<string, Factory<Learner>>>;
  readonly optimizers?: Readonly<Record<string, Factory<MetaOptimizer>>>;
  readonly trackers?: Readonly<Record<string, Factory<Tracker>>>;
  readonly launchers?: Readonly<Record<string, Factory<Launcher>>>;
  /** Prompters that write single questions, by the names of `tasks`, for `metalearn predict`. */
  readonly prompters?: Readonly<Record<string, Prompter>>;
  /** Commands for the data of tasks, by the names of `tasks`, for `metalearn data`. */
  readonly data?: Readonly<Record<string, DataSupport>>;
  /** Checks and installation of the plugin's engine, for `metalearn doctor` and `setup`. */
  readonly machine?: MachineSupport;
}

/** Key of {@link Plugin} that holds the factories of each kind. */
export const pluginKeys = {
  runtime: "runtimes",
  model: "models",
  adapter: "adapters",
  tasks: "tasks",
  learner: "learners",
  optimizer: "optimizers",
  tracker: "trackers",
  launcher: "launchers",
} as const satisfies Record<Kind, keyof Plugin>;

/** Declares a plugin, and returns it unchanged. Importing a plugin has no side effects. */
export function definePlugin<P extends Plugin>(plugin: P): P {
  return plugin;
}

/**
 * Defines a factory from the schema of its options and a function that builds the component.
 *
 * @example
 * defineFactory(z.strictObject({ innerSteps: z.int().min(1).default(5) }), reptile)
 */
export function defineFactory<S extends z.ZodObject, T>(
  options: S,
  create: (options: z.output<S>, context: FactoryContext) => T | Promise<T>,
): Factory<T> {
  return { options, create: (parsed, context) => create(parsed as z.output<S>, context) };
}
