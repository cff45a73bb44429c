import { z } from "zod";
import { type Components, isComponent, type Kind } from "./components.js";
import { definitionOf } from "./definition.js";

/** A component as a config names it: the name of a factory, under `use`, and its options. */
export interface Reference {
  readonly use: string;
  readonly [option: string]: unknown;
}

/** Marks the definition of a schema. `Symbol.for`, so that two copies of core agree. */
const kindKey = Symbol.for("metalearn.referencedKind");
const standInKey = Symbol.for("metalearn.standIn");

/** Placeholder, in checked options, for a component that is not built yet. */
export interface StandIn {
  readonly [standInKey]: true;
  readonly kind: Kind;
  readonly reference: Reference;
  /** Path in the options, for example `innerOptimizer`. */
  readonly path: string;
}

/**
 * Makes the schema of an option that is another component, such as an inner optimizer. Code passes the
 * component itself; a config names it, as in `{ use: sgd, learningRate: 0.01 }`, and the toolkit builds it
 * before it calls the factory. So the factory receives the component in both cases.
 *
 * Components are not built while a config is checked, so checks across options (`superRefine`) cannot
 * read them.
 *
 * @example
 * z.strictObject({ innerOptimizer: referenceTo("optimizer").describe("Takes the inner steps.") })
 */
export function referenceTo<K extends Kind>(kind: K): z.ZodCustom<Components[K], Components[K]> {
  return marked(
    kind,
    z.custom<Components[K]>((value) => isStandIn(value) || isComponent(kind, value)),
  );
}

/**
 * Makes the schema of a config key that names a component: of the {@link Reference} itself.
 *
 * @param usual default of `use`
 */
export function referenceSchema(kind: Kind, usual?: string) {
  const use = z.string();
  return marked(kind, z.looseObject({ use: usual === undefined ? use : use.default(usual) }));
}

/** Marks a schema as a reference. The mark is in the definition, which `describe` and `optional` keep. */
function marked<S extends z.ZodType>(kind: Kind, schema: S): S {
  Object.assign(schema.def, { [kindKey]: kind });
  return schema;
}

/** Kind of component that a schema expects, if it expects one, optional or not. */
export function referencedKind(schema: unknown): Kind | undefined {
  return (definitionOf(schema) as Readonly<Record<symbol, Kind | undefined>>)[kindKey];
}

/** True if only code can provide values for a schema, such as functions: it is a custom check. */
export function isOfCode(schema: unknown): boolean {
  return definitionOf(schema).type === "custom" && referencedKind(schema) === undefined;
}

/** True if a value has the form of a {@link Reference}. */
export function isReference(value: unknown): value is Reference {
  return (
    typeof value === "object" && value !== null && "use" in value && typeof value.use === "string"
  );
}

/** Makes a stand-in. */
export function standIn(kind: Kind, reference: Reference, path: string): StandIn {
  return { [standInKey]: true, kind, reference, path };
}

/** True if a value is a stand-in. */
export function isStandIn(value: unknown): value is StandIn {
  return typeof value === "object" && value !== null && standInKey in value;
}
