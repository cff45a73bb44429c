import { scoredCount, type TokenSequence } from "../batch/tokenBatch.js";
import { MetaError } from "../errors.js";
import { counted } from "../text/counted.js";

/**
 * Mean loss of each sequence.
 *
 * @param losses loss of each scored token, sequence by sequence, possibly followed by padding
 * @throws MetaError `NON_FINITE` when a loss is not a number
 */
export function meanLosses(
  losses: ArrayLike<number>,
  sequences: readonly TokenSequence[],
): number[] {
  let offset = 0;
  return sequences.map((sequence) => {
    const end = offset + scoredCount(sequence);
    let sum = 0;
    for (let i = offset; i < end; i++) sum += losses[i] as number;
    if (Number.isNaN(sum)) throw notANumber(sequence);
    const mean = sum / (end - offset);
    offset = end;
    return mean;
  });
}

function notANumber({ ids }: TokenSequence): MetaError {
  return new MetaError(
    "NON_FINITE",
    `The model's loss on a sequence of ${counted(ids.length, "token")} is not a number. Are its parameters finite?`,
  );
}
