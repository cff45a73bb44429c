import type { Buffer } from "node:buffer";
import { lstatSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  counted,
  MetaError,
  type PackedFile,
  type PackOptions,
  type Plugin,
} from "@metalearn/core";
import { archive } from "./archive.js";
import { compress } from "./compress.js";
import { requireMovableNode } from "./movableNode.js";
import { filesBelow, packageFiles } from "./packageFiles.js";
import { packageTree } from "./packageTree.js";
import { type Part, writeParts } from "./parts.js";
import { archiveName, checksumsName, launcher, unpackScript } from "./scripts.js";

/** Contents of a pack in addition to metalearn and its native parts, and its compression. */
export interface PackContents extends PackOptions {
  readonly plugins: readonly Plugin[];
  /** Packages to include with their dependencies, such as plugins; resolved from this folder. */
  readonly packages: readonly string[];
  /** Folders to include, under their own names. */
  readonly include: readonly string[];
  readonly partBytes: number;
  /** Compression, 0 for none to 9 for small. */
  readonly level: number;
}

/** Result of packing. */
export interface Pack {
  readonly parts: readonly Part[];
  readonly unpackedBytes: number;
}

const cliPackage = join(import.meta.dirname, "../..");

/**
 * Writes metalearn with all its dependencies, this Node.js and the native engine, as compressed parts with
 * checksums and a shell script that unpacks them on a machine without network.
 *
 * @throws MetaError `BAD_OPTION` when the folder is not empty; `ENGINE_UNAVAILABLE` when the engine cannot be
 *   downloaded, or this Node.js cannot be moved
 */
export async function writePack(folder: string, contents: PackContents): Promise<Pack> {
  requireMovableNode();
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected an empty folder for the pack, got ${folder}, which is not empty. Name another folder.`,
    );
  }
  const files = await filesOf(contents);
  const unpackedBytes = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const unpackedMb = Math.ceil(unpackedBytes / 1e6);
  contents.notify(`Packing ${counted(files.length, "file")}, ${unpackedMb} MB.`);

  const observed = withProgress(archive(files), unpackedBytes, contents.notify);
  const { partBytes, level } = contents;
  const parts = await writeParts(compress(observed, level), {
    folder,
    name: archiveName,
    partBytes,
  });
  const sums = parts.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
  await writeFile(join(folder, checksumsName), sums);
  const variant = contents.cuda ? "cuda" : "cpu";
  const title = `metalearn ${version()} (${variant}) for ${process.platform}-${process.arch}`;
  await writeFile(join(folder, "unpack.sh"), unpackScript(title, unpackedMb), { mode: 0o755 });
  return { parts, unpackedBytes };
}

async function filesOf({ plugins, packages, include, ...options }: PackContents) {
  const native = await Promise.all(plugins.map(({ machine }) => machine?.pack?.(options) ?? []));
  const roots = [
    { name: "@metalearn/cli", from: cliPackage },
    ...packages.map((name) => ({ name, from: process.cwd() })),
  ];
  const files: PackedFile[] = [
    { path: "bin/node", source: process.execPath },
    ...[...packageTree(roots)].flatMap(([place, directory]) => packageFiles(place, directory)),
    ...native.flat().map((file) => ({ ...file, path: `cache/${file.path}` })),
    ...include.flatMap((directory) =>
      filesBelow(directory).map((path) => ({
        path: `${basename(directory)}/${path}`,
        source: join(directory, path),
      })),
    ),
  ];
  // Last, because its presence marks a pack as fully unpacked.
  return [...files, { path: "metalearn", content: launcher, mode: 0o755 }];
}

function sizeOf(file: PackedFile): number {
  return "content" in file ? file.content.length : lstatSync(file.source).size;
}

async function* withProgress(
  chunks: AsyncIterable<Buffer>,
  total: number,
  notify: (message: string) => void,
): AsyncGenerator<Buffer> {
  let done = 0;
  let told = 0;
  for await (const chunk of chunks) {
    done += chunk.length;
    yield chunk;
    const percent = Math.min(100, Math.floor((done / total) * 10) * 10);
    if (percent > told) notify(`  ${percent} %`);
    told = percent;
  }
}

function version(): string {
  return JSON.parse(readFileSync(join(cliPackage, "package.json"), "utf8")).version;
}
