import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "@metalearn/core";
import { z } from "zod";

/** File beside the addon with the SHA-256 of its files, by name. */
export const addonRecordName = "addon.json";

const recordSchema = z.record(z.string(), z.string());

/** Records the files of an addon, so that a copy that was cut short shows before it is loaded. */
export function recordAddon(files: readonly string[]): void {
  const sums = Object.fromEntries(files.map((file) => [basename(file), sha256(file)]));
  const [first = ""] = files;
  writeFileSync(join(dirname(first), addonRecordName), `${JSON.stringify(sums, null, 2)}\n`);
}

/**
 * Compares the files of an addon with their record. Loading one that was cut short would kill the process by a
 * signal, without a word.
 *
 * @returns the damage; nothing for files that are whole, or were built by a version that kept no record
 */
export function damageOf(files: readonly string[]): string | undefined {
  const path = join(dirname(files[0] ?? ""), addonRecordName);
  if (!existsSync(path)) return undefined;
  try {
    const sums = recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    const bad = files.find((file) => sha256(file) !== sums[basename(file)]);
    return bad && `${bad} is not what was built (its SHA-256 differs)`;
  } catch (error) {
    return `${path} cannot be read: ${messageOf(error).replaceAll("\n", " ")}`;
  }
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
