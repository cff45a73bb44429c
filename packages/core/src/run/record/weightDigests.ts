import { sha256 } from "../../checkpoint/checksums.js";
import type { Model } from "../../contracts/model.js";
import { MetaError } from "../../errors.js";

/**
 * SHA-256 of the files that a model takes its pretrained parameters from, by path. Files of others, unlike
 * checkpoints, have no checksums of their own.
 *
 * @returns nothing for a model that draws its parameters
 * @throws MetaError `MISSING_FILE`
 */
export async function weightDigests({
  weights,
}: Pick<Model, "weights">): Promise<Readonly<Record<string, string>> | undefined> {
  if (!weights) return undefined;
  const digests: Record<string, string> = {};
  for (const file of weights.files) {
    digests[file] = await sha256(file).catch((cause) => {
      throw new MetaError("MISSING_FILE", `Cannot read the weights ${file}.`, { cause });
    });
  }
  return digests;
}

/**
 * Compares the weights of a run with those that it began with. Paths may differ, as on another machine.
 *
 * @returns a sentence on files that differ; nothing where none does, or nothing was recorded
 */
export function changedWeights(
  before: Readonly<Record<string, string>> | undefined,
  now: Readonly<Record<string, string>> | undefined,
): string | undefined {
  if (!before || !now) return undefined;
  const sums = Object.values(before);
  const changed = Object.keys(now).filter((file, i) => now[file] !== sums[i]);
  if (changed.length === 0 && Object.keys(now).length === sums.length) return undefined;
  return `The pretrained weights are not those that the run began with (their SHA-256 in run.json differs): ${changed.join(", ") || "there are fewer files"}. Checkpoints hold the parameters that were trained; results from here on mix both. Restore the file, or choose another folder with out=....`;
}
