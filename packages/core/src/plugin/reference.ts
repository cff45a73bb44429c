import { z } from "zod";
import { type Components, isComponent, type Kind } from "./components.js";
import { definitionOf } from "./definition.js";

/** A component as a config names it: a factory and its options. */
export interface Reference {
  readonly use: string;
  readonly [option: string]: unknown;
}

/** Marks a schema's definition; `Symbol.for`, so that two copies of core agree. */
const kindKey = Symbol.for("metalearn.referencedKind");
const standInKey = Symbol.for("metalearn.standIn");

/** Stands in checked options for the component that a config names there. */
export interface StandIn {
  readonly [standInKey]: true;
  readonly kind: Kind;
  readonly reference: Reference;
  /** Where it stands in the options: `innerOptimizer`. */
  readonly path: string;
}

/**
 * The schema of an option that is another component, such as an inner optimizer. Code gives the
 * component; a config names it, as `{ use: sgd, learningRate: 0.01 }`, and the toolkit checks what it
 * names and builds it before it calls the factory. So a factory sees the component in either case.
 *
 * While a config is checked nothing is built yet: a check across options (`superRefine`) cannot read
 * the component.
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
 * The schema of a key of a config that names a component: of the reference itself.
 *
 * @param usual the name that is meant where none is given
 */
export function referenceSchema(kind: Kind, usual?: string) {
  const use = z.string();
  return marked(kind, z.looseObject({ use: usual === undefined ? use : use.default(usual) }));
}

/** The definition of a schema stays when `describe` or `optional` make another one of it. */
function marked<S extends z.ZodType>(kind: Kind, schema: S): S {
  Object.assign(schema.def, { [kindKey]: kind });
  return schema;
}

/** The kind of component that an option names, if it names one; it may be optional. */
export function referencedKind(schema: unknown): Kind | undefined {
  return (definitionOf(schema) as Readonly<Record<symbol, Kind | undefined>>)[kindKey];
}

/** Whether only code can give what a schema accepts, such as a function: it is a check of its own. */
export function isOfCode(schema: unknown): boolean {
  return definitionOf(schema).type === "custom" && referencedKind(schema) === undefined;
}

/** Whether a value has the form of a {@link Reference}. */
export function isReference(value: unknown): value is Reference {
  return (
    typeof value === "object" && value !== null && "use" in value && typeof value.use === "string"
  );
}

export function standIn(kind: Kind, reference: Reference, path: string): StandIn {
  return { [standInKey]: true, kind, reference, path };
}

export function isStandIn(value: unknown): value is StandIn {
  return typeof value === "object" && value !== null && standInKey in value;
}
