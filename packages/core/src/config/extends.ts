import { MetaError } from "../errors.js";
import { isObject, type Json, mergeConfig } from "./merge.js";
import { nestSweeps } from "./sweep.js";

/** What a config file holds, before it is checked. */
export interface ConfigFile {
  readonly file: string;
  readonly content: unknown;
}

/** Reads what `extends` names, as it stands in the config file `from`. */
export type ReadBase = (name: string, from: string) => Promise<ConfigFile>;

/**
 * A config file on top of those that its `extends` names, each of which may extend others. Of several,
 * the later go over the earlier.
 *
 * @throws MetaError `BAD_CONFIG` for a file without keys and values, and for one that extends itself
 */
export async function withBases(
  { file, content }: ConfigFile,
  read: ReadBase,
  within: readonly string[] = [],
): Promise<Json> {
  if (!isObject(content)) {
    const came = Array.isArray(content) ? "a list" : `${JSON.stringify(content)}`.slice(0, 40);
    throw new MetaError("BAD_CONFIG", `${file} should hold keys and values, but holds ${came}.`);
  }
  if (within.includes(file)) {
    const circle = [...within.slice(within.indexOf(file)), file].join(" extends ");
    throw new MetaError("BAD_CONFIG", `A config cannot extend itself: ${circle}.`);
  }
  let base: Json = {};
  for (const name of basesOf(content.extends, file)) {
    const found = await read(name, file);
    const { extends: _, ...config } = await withBases(found, read, [...within, file]);
    base = mergeConfig(base, config);
  }
  const { $schema: _ofEditors, ...config } = content;
  return mergeConfig(base, nestSweeps(config));
}

function basesOf(value: unknown = [], file: string): readonly string[] {
  const names: unknown[] = Array.isArray(value) ? value : [value];
  if (names.every((name) => typeof name === "string" && name !== "")) return names as string[];
  throw new MetaError(
    "BAD_CONFIG",
    `in ${file}: extends: expected a file, preset:name, or a list of them, got ${JSON.stringify(value)}.`,
  );
}
