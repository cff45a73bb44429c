import { MetaError } from "../errors.js";

/** Values that a config may hold: real ones have a few hundred. */
const largest = 100_000;

/**
 * Refuses what JSON cannot hold or a reader would lose: a value that contains itself, aliases of YAML that multiply
 * to a size that would hang or fill the memory, and the key `__proto__`, which JavaScript drops.
 *
 * @param where file, for messages
 * @throws MetaError `BAD_CONFIG`
 */
export function requirePlainData(content: unknown, where: string): void {
  const above = new Set<object>();
  let count = 0;
  const bad = (expected: string, got: string) =>
    new MetaError("BAD_CONFIG", `${where}: expected ${expected}, got ${got}.`);
  const visit = (value: unknown, path: readonly string[]): void => {
    count += 1;
    if (count > largest) {
      throw bad(`at most ${largest} values`, "more, perhaps by aliases (*name) of aliases");
    }
    if (typeof value !== "object" || value === null) return;
    const place = path.join(".") || "the config";
    if (above.has(value))
      throw bad("values without circles", `one at ${place}, which holds itself`);
    above.add(value);
    for (const [key, inner] of Object.entries(value)) {
      if (key === "__proto__") throw bad("names of options as keys", `"__proto__" in ${place}`);
      visit(inner, [...path, key]);
    }
    above.delete(value);
  };
  visit(content, []);
}
