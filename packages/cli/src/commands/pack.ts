import { MetaError } from "@metalearn/core";
import { loadPlugins } from "@metalearn/core/runs";
import { outFolder } from "../outFolder.js";
import { writePack } from "../pack/pack.js";
import { officialPlugins } from "../session.js";

/** Flags of `metalearn pack`. */
export interface PackFlags {
  readonly cuda: boolean;
  readonly partSize: string;
  readonly lean: boolean;
  readonly without?: string;
  readonly level: string;
  readonly package: readonly string[];
  readonly include: readonly string[];
}

/** Writes metalearn and everything that it runs on for machines without network. */
export async function pack(out: string, flags: PackFlags): Promise<void> {
  const folder = outFolder(out);
  const without = flags.without?.split(",") ?? [];
  const { parts, unpackedBytes } = await writePack(folder, {
    plugins: await loadPlugins(officialPlugins),
    cuda: flags.cuda,
    without: flags.lean ? ["lean", ...without] : without,
    packages: flags.package,
    include: flags.include.map(outFolder),
    partBytes: parseSize(flags.partSize),
    level: parseLevel(flags.level),
    notify: (message) => console.error(message),
  });
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  console.log(
    `${parts.length} parts in ${folder}: ${megabytes(bytes)}, ${megabytes(unpackedBytes)} unpacked.\n` +
      "Copy the folder to the other machine, and there: sh unpack.sh FOLDER",
  );
}

const units: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9 };

/** @throws MetaError `BAD_OPTION` */
function parseSize(text: string): number {
  const [, digits, unit = ""] = /^([1-9]\d*)([KMG]?)$/.exec(text) ?? [];
  if (digits) return Number(digits) * (units[unit] as number);
  throw new MetaError("BAD_OPTION", `--part-size wants a size such as 60M or 2G; came "${text}".`);
}

/** @throws MetaError `BAD_OPTION` */
function parseLevel(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new MetaError(
    "BAD_OPTION",
    `--level wants 0 for no compression to 9 for small; came "${text}".`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
