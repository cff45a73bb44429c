import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { type Checkpoint, listCheckpoints, loadCheckpoint } from "../checkpoint/checkpoint.js";
import { verifyChecksums } from "../checkpoint/checksums.js";
import type { Model } from "../contracts/model.js";
import { MetaError } from "../errors.js";

/**
 * The newest checkpoint of a folder that is whole, if there is one. Damaged ones are renamed, so
 * that training can write its own in their place, and may be looked at.
 *
 * @param say is told what is wrong with each damaged one
 * @throws what else keeps a checkpoint from being read
 */
export async function lastCheckpoint(
  folder: string,
  model: Model,
  say: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const directory of (await listCheckpoints(folder)).reverse()) {
    try {
      return await loadCheckpoint(directory, model);
    } catch (error) {
      const damage = await damageOf(directory);
      if (damage === undefined) throw error;
      const aside = `${directory}.damaged`;
      await rm(aside, { recursive: true, force: true });
      await rename(directory, aside);
      say(
        `${damage} The checkpoint before is used, if there is one; this one is now called ${basename(aside)}.`,
      );
    }
  }
  return undefined;
}

/** What is wrong with a checkpoint's files, if anything is. */
async function damageOf(directory: string): Promise<string | undefined> {
  try {
    await verifyChecksums(directory);
    return undefined;
  } catch (error) {
    if (error instanceof MetaError) return error.detail;
    throw error;
  }
}
