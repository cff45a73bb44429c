import { join } from "node:path";
import { type Params, type TokenBatch, type TokenSequence, tokenBatch } from "@metalearn/core";
import { readSafetensors } from "@metalearn/core/files";
import { byteTokenizer, type Gpt2, gpt2 } from "@metalearn/models-gpt2";
import { type GoldenSource, readGoldenJson, shortName } from "./golden.js";

/** The model of the golden checkpoint. */
export function openTinyModel(source: GoldenSource): Gpt2 {
  const { vocab_size, n_positions, n_embd, n_layer, n_head } = readGoldenJson<
    Record<"vocab_size" | "n_positions" | "n_embd" | "n_layer" | "n_head", number>
  >(source, "gpt2-tiny/config.json");
  const shape = { width: n_embd, layers: n_layer, heads: n_head };
  return gpt2({ vocabularySize: vocab_size, maxTokens: n_positions, ...shape }, byteTokenizer);
}

/** A golden checkpoint, in the order that closed formulas over parameters are numbered by. */
export async function tinyParams(source: GoldenSource, model = "gpt2-tiny"): Promise<Params> {
  const { param_order } = readGoldenJson<{ param_order: string[] }>(
    source,
    join(model, "forward_backward_hvp.json"),
  );
  const params = await readSafetensors(join(source.folder, model, "model.safetensors"));
  return Object.fromEntries(
    param_order.map((name) => [shortName(name), params[name] as Params[string]]),
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
