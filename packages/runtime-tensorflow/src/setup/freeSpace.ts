import { statfs } from "node:fs/promises";
import { MetaError } from "@metalearn/core";
import type { Variant } from "../locate/target.js";

/** Peak disk space of a setup, in bytes: the unpacked files and a wheel. */
const needed: Record<Variant, number> = { cpu: 1.3e9, cuda: 8e9 };

/** Checks free disk space. @throws MetaError `ENGINE_UNAVAILABLE` when the disk is too full for a setup */
export async function requireFreeSpace(directory: string, variant: Variant): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed[variant]) return;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `The setup needs ${gigabytes(needed[variant])} in ${directory}, but only ${gigabytes(free)} are free. ` +
      "Make room, or set METALEARN_CACHE to a folder on another disk.",
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
