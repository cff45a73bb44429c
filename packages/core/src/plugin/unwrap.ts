/** The schema inside of optional(), default() and the like. */
export function unwrap(schema: unknown): unknown {
  const { def } = (schema ?? {}) as { def?: { innerType?: unknown } };
  return def?.innerType === undefined ? schema : unwrap(def.innerType);
}
