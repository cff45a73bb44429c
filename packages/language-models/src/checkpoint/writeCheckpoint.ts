import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { SaveOptions, Tokenizer } from "@metalearn/core";
import {
  elementsOf,
  type WritableTensor,
  writeSafetensors,
  writeTextAtomically,
} from "@metalearn/core/files";

const singleFile = "model.safetensors";
const indexFile = "model.safetensors.index.json";

/** Options of {@link writeCheckpoint}. */
export interface WriteOptions extends SaveOptions {
  /** Tokenizer to write as well, if it has a `save`. */
  readonly tokenizer?: Tokenizer;
  /** Splits the tensors over several files of at most this size. @default 5e9, as transformers */
  readonly maxShardBytes?: number;
}

/** Contents of a checkpoint of transformers. */
export interface CheckpointContents {
  /** Tensors under transformers' names. */
  readonly tensors: Readonly<Record<string, WritableTensor>>;
  /** The contents of `config.json`, but for the type of the tensors. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Context length in tokens, which the tokenizer's files contain as well. */
  readonly maxTokens: number;
}

/**
 * Writes a model so that transformers' `AutoModelForCausalLM.from_pretrained` opens it: `config.json` and
 * `model.safetensors`, or shards with an index; with a tokenizer, `AutoTokenizer.from_pretrained` as well.
 *
 * @throws MetaError `BAD_OPTION` for values that `dtype` cannot hold
 */
export async function writeCheckpoint(
  directory: string,
  { tensors, config, maxTokens }: CheckpointContents,
  { tokenizer, maxShardBytes = 5e9, dtype = "float32" }: WriteOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const width = dtype === "float32" ? 4 : 2;
  const shards = split(tensors, maxShardBytes / width);
  const metadata = { format: "pt" };
  if (shards.length === 1) {
    await writeSafetensors(join(directory, singleFile), tensors, metadata, { dtype });
  } else {
    const weightMap: Record<string, string> = {};
    for (const [i, shard] of shards.entries()) {
      const file = `model-${fiveDigits(i + 1)}-of-${fiveDigits(shards.length)}.safetensors`;
      await writeSafetensors(join(directory, file), shard, metadata, { dtype });
      for (const name of Object.keys(shard)) weightMap[name] = file;
    }
    const totalSize = Object.values(tensors).reduce(
      (sum, { shape }) => sum + width * elementsOf(shape),
      0,
    );
    await writeJson(join(directory, indexFile), {
      metadata: { total_size: totalSize },
      weight_map: weightMap,
    });
  }
  await writeJson(join(directory, "config.json"), { ...config, dtype });
  await tokenizer?.save?.(directory, maxTokens);
}

/** Consecutive groups of tensors of at most `limit` elements; a larger tensor is a group of its own. */
function split(
  tensors: Readonly<Record<string, WritableTensor>>,
  limit: number,
): Record<string, WritableTensor>[] {
  const shards: Record<string, WritableTensor>[] = [{}];
  let size = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const elements = elementsOf(tensor.shape);
    if (size > 0 && size + elements > limit) {
      shards.push({});
      size = 0;
    }
    (shards.at(-1) as Record<string, WritableTensor>)[name] = tensor;
    size += elements;
  }
  return shards;
}

function fiveDigits(n: number): string {
  return String(n).padStart(5, "0");
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeTextAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}
