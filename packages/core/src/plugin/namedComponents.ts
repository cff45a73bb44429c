import { MetaError } from "../errors.js";
import { describeKind, isComponent } from "./components.js";
import { definitionOf } from "./definition.js";
import { isReference, isStandIn, referencedKind, type StandIn, standIn } from "./reference.js";

/** Options in which every reference is replaced by a {@link StandIn}. */
export interface WithStandIns {
  readonly options: Readonly<Record<string, unknown>>;
  readonly standIns: readonly StandIn[];
}

/**
 * Replaces the references in a config's options by stand-ins, wherever the schema expects a component,
 * including lists, records and nested objects.
 *
 * @param where path of the options in the config, for messages
 * @throws MetaError `BAD_CONFIG` for a function or a built component: the run's record is JSON
 */
export function putStandIns(schema: unknown, options: object, where: string): WithStandIns {
  const standIns: StandIn[] = [];
  const put = (schema: unknown, value: unknown, path: string): unknown => {
    if (isStandIn(value)) return value;
    const kind = referencedKind(schema);
    if (kind !== undefined && isReference(value)) {
      const added = standIn(kind, value, path);
      standIns.push(added);
      return added;
    }
    if (kind !== undefined && isComponent(kind, value)) {
      throw notPlain(`${where}.${path}`, describeKind(kind, "config"), "a built one");
    }
    if (typeof value === "function") {
      throw notPlain(`${where}.${path}`, "a plain value", "a function");
    }
    const { options, shape, element, valueType } = definitionOf(schema);
    if (options) {
      return referencesFirst(options).reduce((value, option) => put(option, value, path), value);
    }
    const at = (key: string) => (path === "" ? key : `${path}.${key}`);
    if (Array.isArray(value)) return value.map((item, i) => put(element, item, at(`${i}`)));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        key,
        put(shape?.[key] ?? valueType, inner, at(key)),
      ]),
    );
  };
  return { options: put(schema, options, "") as Record<string, unknown>, standIns };
}

/** Replaces each stand-in in options by its entry in `replacements`. */
export function replaceStandIns(
  options: object,
  replacements: ReadonlyMap<StandIn, unknown>,
): Record<string, unknown> {
  const replace = (value: unknown): unknown => {
    if (isStandIn(value)) return replacements.get(value);
    if (Array.isArray(value)) return value.map(replace);
    if (!isPlainObject(value) || hasFunctions(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
  };
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, replace(value)]));
}

/** Removes functions and built components, which come from defaults and which JSON cannot hold. */
export function withoutFunctions(options: object): Record<string, unknown> {
  const kept = Object.entries(options).filter(([, value]) => !hasFunctions(value));
  return Object.fromEntries(kept);
}

/** True if a value is a function or an object with functions, like a component. */
function hasFunctions(value: unknown): boolean {
  if (typeof value === "function") return true;
  return isPlainObject(value) && Object.values(value).some((own) => typeof own === "function");
}

/** Sorts references first among the branches of a union, so that none is taken for a plain object with a key `use`. */
function referencesFirst(options: readonly unknown[]): unknown[] {
  const names = (option: unknown) => (referencedKind(option) === undefined ? 1 : 0);
  return [...options].sort((a, b) => names(a) - names(b));
}

function notPlain(place: string, expected: string, got: string): MetaError {
  return new MetaError(
    "BAD_CONFIG",
    `${place}: expected ${expected}, got ${got}. A config must be plain JSON, since it is kept in the run's record.`,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
