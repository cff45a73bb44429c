import "reflect-metadata";
import { dirname, resolve } from "node:path";
import { container, type DependencyContainer, instanceCachingFactory } from "tsyringe";
import type { z } from "zod";
import { MetaError } from "../errors.js";
import { unknownName } from "../unknownName.js";
import { describeIssues } from "./issues.js";
import {
  type Components,
  type Factory,
  type FactoryContext,
  type Kind,
  type Plugin,
  pluginKeys,
  type Reference,
  referencedKind,
} from "./plugin.js";

/** The components of one run, each built when it is first asked for. */
export interface Workbench {
  get<K extends Kind>(kind: K): Promise<Components[K]>;
  /** Builds another one. */
  create<K extends Kind>(kind: K, reference: Reference): Promise<Components[K]>;
  /** Tells schedules how many meta-updates are planned. */
  plan(totalUpdates: number): void;
  /** Frees the engine, if one was built. */
  dispose(): Promise<void>;
}

/** What a workbench is made of. */
export interface WorkbenchOptions {
  readonly seed: number;
  /** The component of each kind. */
  readonly references: Readonly<Partial<Record<Kind, Reference>>>;
  /** The config file, to which paths in options are relative. @default the working directory */
  readonly configFile?: string | undefined;
  readonly notify?: ((message: string) => void) | undefined;
}

/** All factories of a set of plugins. */
export interface Toolkit {
  readonly plugins: readonly Plugin[];
  /** The names that a config can use for a kind, in alphabetical order. */
  names(kind: Kind): readonly string[];
  /** The schema of a component's options. @throws MetaError `UNKNOWN_NAME` */
  options(kind: Kind, name: string): z.ZodObject;
  /**
   * Checks a component's options, those of components that they name included, and fills in
   * defaults.
   *
   * @throws MetaError `UNKNOWN_NAME` for an unknown factory; `BAD_CONFIG` for bad options
   */
  check(kind: Kind, reference: Reference): Reference;
  /** A container of its own for one run. */
  open(options: WorkbenchOptions): Workbench;
}

/**
 * Puts plugins together. Nothing is global: two toolkits do not know each other.
 *
 * @throws MetaError `DUPLICATE_NAME` when two plugins have the same name, or use one for the same kind
 */
export function createToolkit(plugins: readonly Plugin[]): Toolkit {
  const factories = collect(plugins);

  const find = (kind: Kind, name: string): Factory<unknown> => {
    const factory = factories[kind].get(name);
    if (!factory) {
      const known = [...factories[kind].keys()].sort();
      throw unknownName(kind, name, known, 'Is its plugin listed under "plugins"?');
    }
    return factory;
  };

  const check = (kind: Kind, { use, ...options }: Reference, where = kind as string): Reference => {
    const schema = find(kind, use).options;
    const result = schema.safeParse(options);
    const place = `${where} (${use})`;
    if (!result.success) {
      const issues = describeIssues(result.error, { schema, input: options, where: place });
      throw new MetaError("BAD_CONFIG", issues);
    }
    const checked: Record<string, unknown> = { use, ...result.data };
    for (const [name, option] of Object.entries(schema.shape)) {
      const inner = referencedKind(option as z.ZodType);
      const value = checked[name];
      if (inner && value) checked[name] = check(inner, value as Reference, `${place}.${name}`);
    }
    return checked as Reference;
  };

  return {
    plugins,
    names: (kind) => [...factories[kind].keys()].sort(),
    options: (kind, name) => find(kind, name).options,
    check: (kind, reference) => check(kind, reference),
    open: ({ seed, references, configFile, notify = () => {} }) => {
      const scope: DependencyContainer = container.createChildContainer();
      const tokens = Object.fromEntries(
        Object.keys(pluginKeys).map((kind) => [kind, Symbol(kind)]),
      ) as Record<Kind, symbol>;
      const built: Kind[] = [];
      let planned: number | undefined;

      const create = async <K extends Kind>(kind: K, reference: Reference) => {
        const { use, ...options } = check(kind, reference);
        return (await find(kind, use).create(options, context)) as Components[K];
      };
      const get = async <K extends Kind>(kind: K) =>
        scope.resolve<Promise<Components[K]>>(tokens[kind]);
      const adapted = async (model: Promise<Components["model"]>) =>
        references.adapter ? (await get("adapter"))(await model) : model;
      const context: FactoryContext = {
        seed,
        get,
        create,
        notify,
        path: (path) => resolve(configFile ? dirname(configFile) : ".", path),
        totalUpdates() {
          if (planned === undefined) {
            throw new MetaError(
              "BAD_OPTION",
              "A schedule over the whole training needs to know its length, which is known when training begins.",
            );
          }
          return planned;
        },
      };

      for (const kind of Object.keys(pluginKeys) as Kind[]) {
        scope.register(tokens[kind], {
          useFactory: instanceCachingFactory<Promise<unknown>>(() => {
            const reference = references[kind];
            if (!reference) {
              const text = `The config names no ${kind}. Known: ${[...factories[kind].keys()].join(", ")}.`;
              return Promise.reject(new MetaError("BAD_CONFIG", text));
            }
            built.push(kind);
            return kind === "model" ? adapted(create("model", reference)) : create(kind, reference);
          }),
        });
      }

      return {
        get,
        create,
        plan: (totalUpdates) => {
          planned = totalUpdates;
        },
        async dispose() {
          if (built.includes("runtime")) (await get("runtime")).dispose();
          await scope.dispose();
        },
      };
    },
  };
}

function collect(plugins: readonly Plugin[]): Record<Kind, Map<string, Factory<unknown>>> {
  const placeOf = ({ name, origin = name }: Plugin) => origin;
  const named = new Map<string, Plugin>();
  for (const plugin of plugins) {
    const earlier = named.get(plugin.name);
    if (earlier) {
      throw new MetaError(
        "DUPLICATE_NAME",
        `Two plugins are called "${plugin.name}": ${placeOf(earlier)} and ${placeOf(plugin)}. List only one of them under "plugins".`,
      );
    }
    named.set(plugin.name, plugin);
  }
  const factories = {} as Record<Kind, Map<string, Factory<unknown>>>;
  for (const [kind, key] of Object.entries(pluginKeys) as [Kind, (typeof pluginKeys)[Kind]][]) {
    const places = new Map<string, string>();
    factories[kind] = new Map();
    for (const plugin of plugins) {
      for (const [name, factory] of Object.entries(plugin[key] ?? {})) {
        const earlier = places.get(name);
        if (earlier !== undefined) {
          throw new MetaError(
            "DUPLICATE_NAME",
            `Both ${earlier} and ${placeOf(plugin)} provide a ${kind} called "${name}". List only one of them under "plugins".`,
          );
        }
        places.set(name, placeOf(plugin));
        factories[kind].set(name, factory);
      }
    }
  }
  return factories;
}
