import { rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { type Checkpoint, listCheckpoints, loadCheckpoint } from "../checkpoint/checkpoint.js";
import { verifyChecksums } from "../checkpoint/checksums.js";
import { explained } from "../checkpoint/files.js";
import type { Model } from "../contracts/model.js";
import { MetaError } from "../errors.js";

/**
 * Loads the newest undamaged checkpoint of a folder, if there is one. Damaged ones are renamed, so that
 * they can be inspected and training can write new ones in their place.
 *
 * @param say called with a message for each damaged checkpoint
 * @throws MetaError `BAD_CHECKPOINT` for one whose files are intact but do not fit the model
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
      try {
        await rm(aside, { recursive: true, force: true });
        await rename(directory, aside);
      } catch (error) {
        throw explained(error, aside);
      }
      say(
        `${damage} Training resumes from the checkpoint before it, if there is one. The damaged one is now called ${basename(aside)}.`,
      );
    }
  }
  return undefined;
}

/** Describes the damage to a checkpoint's files, if there is any. */
async function damageOf(directory: string): Promise<string | undefined> {
  try {
    await verifyChecksums(directory);
    return undefined;
  } catch (error) {
    if (error instanceof MetaError) return error.detail;
    throw error;
  }
}
