/** The parts of a zod schema's definition that are read here. */
export interface Definition {
  /** `object`, `union`, `custom` and so on. */
  readonly type?: string;
  /** The keys of an object. */
  readonly shape?: Readonly<Record<string, unknown>>;
  /** The values of a record. */
  readonly valueType?: unknown;
  /** The items of a list. */
  readonly element?: unknown;
  /** The branches of a union. */
  readonly options?: readonly unknown[];
  /** Of a number or string: `safeint`, `url`. */
  readonly format?: string;
}

/** The definition of the schema inside of optional(), default() and the like. */
export function definitionOf(schema: unknown): Definition {
  return ((unwrap(schema) ?? {}) as { def?: Definition }).def ?? {};
}

/** The schema inside of optional(), default() and the like. */
function unwrap(schema: unknown): unknown {
  const { def } = (schema ?? {}) as { def?: { innerType?: unknown } };
  return def?.innerType === undefined ? schema : unwrap(def.innerType);
}
