import { MetaError } from "../errors.js";
import { isObject, type Json, mergeConfig } from "./merge.js";
import { nestSweeps } from "./sweep.js";

/** The content of a config file, unchecked. */
export interface ConfigFile {
  readonly file: string;
  readonly content: unknown;
}

/** Reads the config file that `extends` names; `name` is relative to the file `from`. */
export type ReadBase = (name: string, from: string) => Promise<ConfigFile>;

/**
 * Merges a config file over those that its `extends` names, which may extend others in turn. Later files override
 * earlier ones.
 *
 * @param within files that extend this one, outermost first
 * @throws MetaError `BAD_CONFIG` for a file without keys and values, or one that extends itself
 */
export async function withBases(
  { file, content }: ConfigFile,
  read: ReadBase,
  within: readonly string[] = [],
): Promise<Json> {
  if (!isObject(content)) {
    const got = Array.isArray(content) ? "a list" : `${JSON.stringify(content)}`.slice(0, 40);
    throw new MetaError("BAD_CONFIG", `${file}: expected keys and values, got ${got}.`);
  }
  if (within.includes(file)) {
    const circle = [...within.slice(within.indexOf(file)), file].join(" extends ");
    throw new MetaError(
      "BAD_CONFIG",
      `extends: expected other config files, got a circle: ${circle}. Remove one of the links.`,
    );
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
