import "reflect-metadata";
import { dirname, resolve } from "node:path";
import { container, type DependencyContainer, instanceCachingFactory } from "tsyringe";
import type { z } from "zod";
import type { Learner } from "../contracts/learner.js";
import { isMetaError, MetaError } from "../errors.js";
import { unknownName } from "../text/unknownName.js";
import type { Components, Kind } from "./components.js";
import { inCharge } from "./inCharge.js";
import { describeIssues } from "./issues.js";
import { putStandIns, replaceStandIns, withoutFunctions } from "./namedComponents.js";
import { type Factory, type FactoryContext, type Plugin, pluginKeys } from "./plugin.js";
import type { Reference, StandIn } from "./reference.js";

/** The components of one run, built when they are first needed. */
export interface Scope {
  /** Gets the run's component of a kind; the same at every call. @throws MetaError `BAD_CONFIG` if there is none */
  get<K extends Kind>(kind: K): Promise<Components[K]>;
  /** Builds a further component. */
  create<K extends Kind>(kind: K, reference: Reference): Promise<Components[K]>;
  /** Frees the engine, if one was built. */
  dispose(): Promise<void>;
}

/** Options of {@link Toolkit.open}. */
export interface ScopeOptions {
  readonly seed: number;
  /** Reference to the component of each kind. */
  readonly references: Readonly<Partial<Record<Kind, Reference>>>;
  /**
   * Total number of meta-updates, for learning-rate schedules, or a function that computes it from the
   * run's learner. Without it, schedules over the whole training are errors.
   */
  readonly updates?: number | ((learner: Learner | undefined) => number);
  /** The config file, to which paths in options are relative. @default the working directory */
  readonly configFile?: string | undefined;
  readonly notify?: ((message: string) => void) | undefined;
}

/** The factories of a set of plugins: checks and builds components by name. */
export interface Toolkit {
  readonly plugins: readonly Plugin[];
  /** Lists the names that a config can use for a kind, sorted. */
  names(kind: Kind): readonly string[];
  /** Returns the schema of a component's options. @throws MetaError `UNKNOWN_NAME` */
  options(kind: Kind, name: string): z.ZodObject;
  /**
   * Checks a component's options, including those of components that they name, and fills in defaults.
   * The result is frozen; checking it again returns it unchanged.
   *
   * @throws MetaError `UNKNOWN_NAME` for an unknown factory; `BAD_CONFIG` for bad options
   */
  check(kind: Kind, reference: Reference): Reference;
  /** Opens a scope for one run. */
  open(options: ScopeOptions): Scope;
}

/** A component's options, checked by its schema. */
interface ParsedOptions {
  readonly kind: Kind;
  readonly factory: Factory<unknown>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Components that the options name, each replaced by a stand-in. */
  readonly components: readonly {
    readonly standIn: StandIn;
    readonly kind: Kind;
    readonly reference: Reference;
    /** Path in the config, for messages. */
    readonly where: string;
  }[];
}

/**
 * Makes a toolkit of plugins. Nothing is global: toolkits are independent of each other.
 *
 * @throws MetaError `DUPLICATE_NAME` when two plugins have the same name, or components of one kind have
 */
export function createToolkit(plugins: readonly Plugin[]): Toolkit {
  const factories = collect(plugins);

  const find = (kind: Kind, name: string, where: string = kind): Factory<unknown> => {
    const factory = factories[kind].get(name);
    if (factory) return factory;
    const known = [...factories[kind].keys()].sort();
    const error = unknownName(kind, name, known, 'Is its plugin listed under "plugins"?');
    throw where === kind ? error : new MetaError(error.code, `${where}: ${error.detail}`);
  };

  /** Parsed options by checked reference, so that building does not check again. */
  const checkedOptions = new WeakMap<Reference, ParsedOptions>();

  /** Parses options by their schema, with stand-ins in place of components. */
  const parse = (kind: Kind, reference: Reference, where: string): ParsedOptions => {
    const known = checkedOptions.get(reference);
    if (known?.kind === kind) return known;
    const { use, ...given } = reference;
    const factory = find(kind, use, where);
    const place = `${where} (${use})`;
    const { options: input, standIns } = putStandIns(factory.options, given, place);
    const result = factory.options.safeParse(input);
    if (!result.success) {
      throw new MetaError(
        "BAD_CONFIG",
        describeIssues(result.error, {
          schema: factory.options,
          input: given,
          origin: "config",
          where: place,
        }),
      );
    }
    const components = standIns.map((one) => ({
      ...one,
      standIn: one,
      where: `${place}.${one.path}`,
    }));
    return { kind, factory, options: result.data as Record<string, unknown>, components };
  };

  const check = (kind: Kind, reference: Reference, where: string = kind): Reference => {
    if (checkedOptions.get(reference)?.kind === kind) return reference;
    const parsed = parse(kind, reference, where);
    const components = parsed.components.map((one) => ({
      ...one,
      reference: check(one.kind, one.reference, one.where),
    }));
    const references = new Map(components.map((one) => [one.standIn, one.reference]));
    const plain = withoutFunctions(replaceStandIns(parsed.options, references));
    const checked: Reference = Object.freeze({ use: reference.use, ...plain });
    checkedOptions.set(checked, { ...parsed, components });
    return checked;
  };

  /** Builds a checked component, after the components that its options name. */
  const build = async (
    kind: Kind,
    reference: Reference,
    context: FactoryContext,
    where: string = kind,
  ): Promise<unknown> => {
    const { factory, options, components } = parse(kind, reference, where);
    const built = new Map<StandIn, unknown>();
    for (const one of components) {
      built.set(one.standIn, await build(one.kind, one.reference, context, one.where));
    }
    try {
      const inputs = replaceStandIns(options, built);
      return await inCharge(`${kind} ${reference.use}`, () => factory.create(inputs, context));
    } catch (error) {
      if (where === kind || !isMetaError(error)) throw error;
      const text = `${where} (${reference.use}): ${error.detail}`;
      throw new MetaError(error.code, text, { cause: error });
    }
  };

  return {
    plugins,
    names: (kind) => [...factories[kind].keys()].sort(),
    options: (kind, name) => find(kind, name).options,
    check: (kind, reference) => check(kind, reference),
    open: ({ seed, references, updates, configFile, notify = () => {} }) => {
      const own: DependencyContainer = container.createChildContainer();
      const tokens = Object.fromEntries(
        Object.keys(pluginKeys).map((kind) => [kind, Symbol(kind)]),
      ) as Record<Kind, symbol>;
      const built: Kind[] = [];
      let learner: Learner | undefined; // set once it is built

      const create = async <K extends Kind>(kind: K, reference: Reference) =>
        (await build(kind, check(kind, reference), context)) as Components[K];
      const get = async <K extends Kind>(kind: K) =>
        own.resolve<Promise<Components[K]>>(tokens[kind]);
      const createLearner = async (reference: Reference) => {
        learner = await create("learner", reference);
        return learner;
      };
      const adapted = async (model: Promise<Components["model"]>) =>
        references.adapter ? (await get("adapter"))(await model) : model;
      const context: FactoryContext = {
        seed,
        plugins,
        get,
        create,
        notify,
        path: (path) => resolve(configFile ? dirname(configFile) : ".", path),
        totalUpdates() {
          if (typeof updates === "number") return updates;
          if (updates && (learner || !references.learner)) return updates(learner);
          throw new MetaError(
            "BAD_OPTION",
            "Expected the length of training, which a schedule over all updates needs, got none. Use such a schedule in a run that trains, or give its length.",
          );
        },
      };

      for (const kind of Object.keys(pluginKeys) as Kind[]) {
        own.register(tokens[kind], {
          useFactory: instanceCachingFactory<Promise<unknown>>(() => {
            const reference = references[kind];
            if (!reference) {
              const text = `${kind}: expected one of ${[...factories[kind].keys()].join(", ")}, got nothing.`;
              return Promise.reject(new MetaError("BAD_CONFIG", text));
            }
            built.push(kind);
            if (kind === "model") return adapted(create("model", reference));
            return kind === "learner" ? createLearner(reference) : create(kind, reference);
          }),
        });
      }

      return {
        get,
        create,
        async dispose() {
          if (built.includes("runtime")) (await get("runtime")).dispose();
          await own.dispose();
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
