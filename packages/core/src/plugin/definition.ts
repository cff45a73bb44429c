/** Parts of a zod schema's definition. */
export interface Definition {
  /** Name of the type: `object`, `union`, `custom` etc. */
  readonly type?: string;
  /** Schemas of an object's keys. */
  readonly shape?: Readonly<Record<string, unknown>>;
  /** Schema of a record's values. */
  readonly valueType?: unknown;
  /** Schema of a list's items. */
  readonly element?: unknown;
  /** Schemas of a union's branches. */
  readonly options?: readonly unknown[];
  /** Format of a number or string: `safeint`, `url`. */
  readonly format?: string;
}

/** Reads the definition of a schema, inside of optional(), default() etc. */
export function definitionOf(schema: unknown): Definition {
  return ((unwrap(schema) ?? {}) as { def?: Definition }).def ?? {};
}

/** Removes optional(), default() etc. from a schema. */
function unwrap(schema: unknown): unknown {
  const { def } = (schema ?? {}) as { def?: { innerType?: unknown } };
  return def?.innerType === undefined ? schema : unwrap(def.innerType);
}
