import { counted } from "@metalearn/core";
import { askedPlugins } from "../askedPlugins.js";
import { outFolder } from "../chosenRuns.js";
import type { PluginFlags } from "../flags.js";
import { writePack } from "../pack/pack.js";

/** Flags of `metalearn pack`. */
export interface PackFlags extends PluginFlags {
  readonly cuda: boolean;
  readonly partSize: number;
  readonly lean: boolean;
  readonly without: readonly string[];
  readonly level: number;
  readonly package: readonly string[];
  readonly include: readonly string[];
}

/** Writes metalearn and all its dependencies for machines without network. */
export async function pack(out: string, flags: PackFlags): Promise<void> {
  const folder = outFolder(out);
  const { cuda, lean, without, partSize, level, include } = flags;
  const { parts, unpackedBytes } = await writePack(folder, {
    plugins: await askedPlugins(flags),
    cuda,
    without: lean ? ["lean", ...without] : without,
    packages: flags.package,
    include: include.map(outFolder),
    partBytes: partSize,
    level,
    notify: (message) => console.error(message),
  });
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  console.log(
    `${counted(parts.length, "part")} in ${folder}: ${megabytes(bytes)}, ${megabytes(unpackedBytes)} unpacked.\n` +
      "Copy the folder to the other machine, and there: sh unpack.sh FOLDER",
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
