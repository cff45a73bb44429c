import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { MetaError } from "../errors.js";
import { writeTextAtomically } from "./files.js";

/** File of a folder's checksums, in the format of `sha256sum --check`. */
const checksumFile = "SHA256SUMS";

/** Writes the SHA-256 of every file below a folder into a checksum file. */
export async function writeChecksums(folder: string): Promise<void> {
  const lines: string[] = [];
  for (const name of await filesOf(folder)) {
    lines.push(`${await sha256(join(folder, name))}  ${name}\n`);
  }
  await writeTextAtomically(join(folder, checksumFile), lines.join(""));
}

/**
 * Checks that a folder holds exactly the files that `writeChecksums` recorded, bit for bit.
 *
 * @throws MetaError `BAD_CHECKPOINT` when it does not, or has no checksums
 */
export async function verifyChecksums(folder: string): Promise<void> {
  const bad = (what: string) =>
    new MetaError("BAD_CHECKPOINT", `${folder} is damaged or incomplete: ${what}.`);
  const text = await readFile(join(folder, checksumFile), "utf8").catch(() => undefined);
  if (text === undefined) throw bad(`it has no readable ${checksumFile}`);
  const sums = new Map<string, string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [, sum, name] = /^([\da-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined) throw bad(`${checksumFile} has a malformed line`);
    sums.set(name, sum);
  }
  const names = await filesOf(folder);
  const missing = [...sums.keys()].find((name) => !names.includes(name));
  if (missing !== undefined) throw bad(`${missing} is missing`);
  for (const name of names) {
    const wanted = sums.get(name);
    if (wanted === undefined) throw bad(`${checksumFile} does not know ${name}`);
    const found = await sha256(join(folder, name));
    if (found !== wanted) throw bad(`${name} is not what was written (its SHA-256 differs)`);
  }
}

/** Lists all files below a folder except the checksums, with `/` in their names, sorted. */
async function filesOf(folder: string): Promise<string[]> {
  const names = await filesBelow(folder, "");
  return names.filter((name) => name !== checksumFile).sort();
}

/** Files below a folder, also where they, or folders, are symbolic links. A link into a folder above ends in ELOOP. */
async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const kind = await stat(path).catch(() => undefined); // a link to nowhere
    if (kind?.isDirectory()) found.push(...(await filesBelow(path, `${prefix}${name}/`)));
    else if (kind?.isFile()) found.push(`${prefix}${name}`);
  }
  return found;
}

/** SHA-256 of a file, as hexadecimal digits. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}
