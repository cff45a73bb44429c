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

/** What a factory may ask for while it builds a component. */
export interface FactoryContext {
  /** The run's seed. */
  readonly seed: number;
  /**
   * The run's own component of another kind, such as the model whose tokenizer the data needs; the
   * model comes with its adapter.
   */
  get<K extends Kind>(kind: K): Promise<Components[K]>;
  /** A path from the options, relative to the config file, as an absolute path. */
  path(path: string): string;
  /** Planned meta-updates, for schedules. Known when training begins. */
  totalUpdates(): number;
  /** Tells the user something in one line. */
  notify(message: string): void;
}

/** Builds a component from options that its schema has checked; those that are components are built. */
export interface Factory<T> {
  /** Gives the config its errors, its defaults and its documentation. */
  readonly options: z.ZodObject;
  create(options: unknown, context: FactoryContext): T | Promise<T>;
}

/** A package's components, by the names under which a config uses them. */
export interface Plugin {
  readonly name: string;
  /** Of the package; filled in when a config loads the plugin. */
  readonly version?: string;
  /** How the config names the plugin: a package or a file; filled in likewise. */
  readonly origin?: string;
  /** The file that it was loaded from; filled in likewise. */
  readonly file?: string;
  readonly runtimes?: Readonly<Record<string, Factory<TensorRuntime>>>;
  readonly models?: Readonly<Record<string, Factory<Model>>>;
  readonly adapters?: Readonly<Record<string, Factory<ModelAdapter>>>;
  readonly tasks?: Readonly<Record<string, Factory<TaskSource>>>;
  readonly learners?: Readonly<Record<string, Factory<Learner>>>;
  readonly optimizers?: Readonly<Record<string, Factory<MetaOptimizer>>>;
  readonly trackers?: Readonly<Record<string, Factory<Tracker>>>;
  readonly launchers?: Readonly<Record<string, Factory<Launcher>>>;
  /** How single questions are written, by the names of `tasks`: `metalearn predict`. */
  readonly prompters?: Readonly<Record<string, Prompter>>;
  /**
   * True for a folder or file of published parameters that a model reads as its `weights`, by the names of `models`:
   * commands on checkpoints that no run wrote.
   */
  readonly recognizers?: Readonly<Record<string, (path: string) => Promise<boolean>>>;
  /** Commands for the data of tasks, by the names of `tasks`: `metalearn data`. */
  readonly data?: Readonly<Record<string, DataSupport>>;
  /** What the engine's host machine lacks and how to get it: `metalearn setup` and `doctor`. */
  readonly machine?: MachineSupport;
}

/** Where a plugin keeps the factories of a kind. */
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

/** Declares a plugin. It returns what it is given; importing a plugin changes nothing. */
export function definePlugin<P extends Plugin>(plugin: P): P {
  return plugin;
}

/**
 * A factory whose options are checked by `options` before `create` sees them.
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
