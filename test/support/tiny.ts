import { type Params, type TokenBatch, type TokenSequence, tokenBatch } from "@metalearn/core";
import { readSafetensors } from "@metalearn/core/files";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { shared } from "@metalearn/test-support/shared";
import { shortName } from "./golden.js";

/** The model of the golden checkpoint. */
export const tinyModel = gpt2(
  { vocabularySize: 257, maxTokens: 64, width: 32, layers: 2, heads: 2 },
  byteTokenizer,
);

/** The golden checkpoint, in the order that closed formulas over parameters are numbered by. */
export async function tinyParams(order: readonly string[]): Promise<Params> {
  const params = await readSafetensors(shared("golden/gpt2-tiny/model.safetensors"));
  const byShortName = Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [shortName(name), tensor]),
  );
  return Object.fromEntries(
    order.map((name) => [shortName(name), byShortName[shortName(name)] as Params[string]]),
  );
}

/** A batch as the golden files store it. */
export interface StoredBatch {
  readonly ids: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  readonly tt: readonly (readonly number[])[];
}

/** The real tokens of each row; the scored ones must be a tail, as in every prompt. */
export function sequencesOf({ ids, mask, tt }: StoredBatch): TokenSequence[] {
  return ids.map((row, b) => {
    const length = (mask[b] ?? []).filter((m) => m === 1).length;
    const scoredFrom = (tt[b] ?? []).indexOf(1);
    return { ids: row.slice(0, length), scoredFrom };
  });
}

/** A stored batch as tensors. */
export function batchOf(stored: StoredBatch): TokenBatch {
  return tokenBatch(sequencesOf(stored));
}
