import { mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  MetaError,
  openSafetensors,
  type Params,
  type SafetensorsFile,
  writeSafetensors,
  writeTextAtomically,
} from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { defaultInitializerRange, type Gpt2Config, parameterShapes } from "./gpt2Config.js";

const singleFile = "model.safetensors";
const indexFile = "model.safetensors.index.json";

/** The parts of a GPT-2 `config.json` that decide its arithmetic. Others are ignored. */
const configSchema = z.looseObject({
  model_type: z.literal("gpt2"),
  vocab_size: z.int().min(1),
  n_positions: z.int().min(1),
  n_embd: z.int().min(1),
  n_layer: z.int().min(1),
  n_head: z.int().min(1),
  n_inner: z.int().nullish(),
  initializer_range: z.number().min(0).default(defaultInitializerRange),
  activation_function: z.literal("gelu_new").default("gelu_new"),
  layer_norm_epsilon: z.literal(1e-5).default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  tie_word_embeddings: z.literal(true).default(true),
});

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * Reads the shape of a GPT-2 from a checkpoint folder's `config.json`.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is not a GPT-2 that this model computes
 */
export async function readHuggingFaceConfig(directory: string): Promise<Gpt2Config> {
  const path = join(directory, "config.json");
  const result = configSchema.safeParse(await readJsonFile(path));
  if (!result.success) {
    const issues = result.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ");
    throw new MetaError("BAD_CHECKPOINT", `${path} is not a GPT-2 that can be loaded. ${issues}.`);
  }
  const config = result.data;
  if (config.n_inner != null && config.n_inner !== 4 * config.n_embd) {
    throw new MetaError(
      "BAD_CHECKPOINT",
      `${path}: n_inner is ${config.n_inner}; only the usual 4 * n_embd = ${4 * config.n_embd} can be loaded.`,
    );
  }
  return {
    vocabularySize: config.vocab_size,
    maxTokens: config.n_positions,
    width: config.n_embd,
    layers: config.n_layer,
    heads: config.n_head,
    initializerRange: config.initializer_range,
  };
}

/**
 * Reads the parameters of a GPT-2 from a checkpoint folder: `model.safetensors`, or shards with
 * `model.safetensors.index.json`. Names may begin with `transformer.` or not; float16 and bfloat16
 * become float32. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when tensors are missing, unknown, of another
 *   shape, or when the output head is not tied to the embeddings
 */
export async function readHuggingFaceParams(
  directory: string,
  config: Gpt2Config,
): Promise<Params> {
  const shapes = parameterShapes(config);
  const loaded: Record<string, tf.Tensor> = {};
  try {
    for (const path of await shardPaths(directory)) {
      const file = await openSafetensors(path);
      try {
        for (const { stored, name } of placesIn(directory, file, config)) {
          loaded[name] = await file.read(stored);
        }
      } finally {
        await file.close();
      }
    }
    requireAll(directory, shapes, Object.keys(loaded));
    requireTiedHead(directory, loaded);
  } catch (error) {
    for (const tensor of Object.values(loaded)) tensor.dispose();
    throw error;
  }
  // In the model's order, not that of the file.
  return Object.fromEntries(Object.keys(shapes).map((name) => [name, loaded[name] as tf.Tensor]));
}

/**
 * Finds out what is wrong with a checkpoint folder short of its values: reads the headers alone.
 *
 * @throws what {@link readHuggingFaceParams} throws, save for an output head that is not tied
 */
export async function checkHuggingFaceParams(directory: string, config: Gpt2Config): Promise<void> {
  const found: string[] = [];
  for (const path of await shardPaths(directory)) {
    const file = await openSafetensors(path);
    await file.close();
    found.push(...placesIn(directory, file, config).map(({ name }) => name));
  }
  requireAll(directory, parameterShapes(config), found);
}

/** Options of {@link writeHuggingFace}. */
export interface WriteOptions {
  /** Splits the tensors over several files of at most this size. @default 5e9, as transformers */
  readonly maxShardBytes?: number;
}

/**
 * Writes a GPT-2 so that transformers' `GPT2LMHeadModel.from_pretrained` opens it: `config.json`
 * and `model.safetensors`, or shards with an index.
 */
export async function writeHuggingFace(
  directory: string,
  params: Params,
  config: Gpt2Config,
  { maxShardBytes = 5e9 }: WriteOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const named = Object.fromEntries(
    Object.entries(params).map(([name, tensor]) => [`transformer.${name}`, tensor]),
  );
  const shards = split(named, maxShardBytes);
  const metadata = { format: "pt" };
  if (shards.length === 1) {
    await writeSafetensors(join(directory, singleFile), named, metadata);
  } else {
    const weightMap: Record<string, string> = {};
    for (const [i, shard] of shards.entries()) {
      const file = `model-${fiveDigits(i + 1)}-of-${fiveDigits(shards.length)}.safetensors`;
      await writeSafetensors(join(directory, file), shard, metadata);
      for (const name of Object.keys(shard)) weightMap[name] = file;
    }
    const totalSize = Object.values(named).reduce((sum, tensor) => sum + 4 * tensor.size, 0);
    await writeJson(join(directory, indexFile), {
      metadata: { total_size: totalSize },
      weight_map: weightMap,
    });
  }
  await writeJson(join(directory, "config.json"), {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: config.vocabularySize,
    n_positions: config.maxTokens,
    n_ctx: config.maxTokens,
    n_embd: config.width,
    n_layer: config.layers,
    n_head: config.heads,
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    initializer_range: config.initializerRange ?? defaultInitializerRange,
    tie_word_embeddings: true,
    dtype: "float32",
    // GPT-2's only special token is the last of its vocabulary.
    bos_token_id: config.vocabularySize - 1,
    eos_token_id: config.vocabularySize - 1,
  });
}

/** The safetensors files of a checkpoint folder. */
async function shardPaths(directory: string): Promise<string[]> {
  const index = await readJsonFile(join(directory, indexFile)).catch((error) => {
    if (error instanceof MetaError && error.code === "MISSING_FILE") return undefined;
    throw error;
  });
  if (index === undefined) return [join(directory, singleFile)];
  const result = indexSchema.safeParse(index);
  if (!result.success) throw bad(directory, `${indexFile} has no weight_map`);
  const files = [...new Set(Object.values(result.data.weight_map))];
  const escaping = files.find((file) => basename(file) !== file);
  if (escaping !== undefined)
    throw bad(directory, `${indexFile} names a file elsewhere: ${escaping}`);
  return files.map((file) => join(directory, file));
}

/** The tensors of a file that a GPT-2 of this shape has a place for, by their names there and here. */
function placesIn(directory: string, file: SafetensorsFile, config: Gpt2Config) {
  const shapes = parameterShapes(config);
  return Object.entries(file.entries).flatMap(([stored, entry]) => {
    const name = stored.replace(/^transformer\./, "");
    if (isBuffer(name)) return [];
    file.entry(stored); // of a type that can be read
    const shape = shapes[name === "lm_head.weight" ? "wte.weight" : name];
    if (!shape) {
      throw bad(
        directory,
        `there is no place for tensor "${stored}" in a GPT-2 of ${config.layers} layers`,
      );
    }
    if (shape.join() !== entry.shape.join()) {
      throw bad(
        directory,
        `tensor "${stored}" has shape [${entry.shape}], but config.json asks for [${shape}]`,
      );
    }
    return [{ stored, name }];
  });
}

function requireAll(
  directory: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  found: readonly string[],
): void {
  const missing = Object.keys(shapes).filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  const examples = missing.slice(0, 3).join(", ");
  throw bad(directory, `${missing.length} tensors are missing, for example ${examples}`);
}

/** Causal masks, which old checkpoints store beside the parameters. */
function isBuffer(name: string): boolean {
  return /^h\.\d+\.attn\.(masked_)?bias$/.test(name);
}

/** Drops a stored output head that equals the embeddings. */
function requireTiedHead(directory: string, loaded: Record<string, tf.Tensor>): void {
  const { "lm_head.weight": head, "wte.weight": embeddings } = loaded;
  if (!head || !embeddings) return;
  const [a, b] = [head.dataSync(), embeddings.dataSync()];
  if (a.some((value, i) => value !== b[i])) {
    throw bad(directory, "its output head lm_head.weight is not tied to wte.weight");
  }
  head.dispose();
  delete loaded["lm_head.weight"];
}

/** Consecutive groups of tensors of at most `limit` bytes; a larger tensor is a group of its own. */
function split(params: Params, limit: number): Params[] {
  const shards: Record<string, tf.Tensor>[] = [{}];
  let size = 0;
  for (const [name, tensor] of Object.entries(params)) {
    const bytes = 4 * tensor.size;
    if (size > 0 && size + bytes > limit) {
      shards.push({});
      size = 0;
    }
    (shards.at(-1) as Record<string, tf.Tensor>)[name] = tensor;
    size += bytes;
  }
  return shards;
}

function fiveDigits(n: number): string {
  return String(n).padStart(5, "0");
}

async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new MetaError("MISSING_FILE", `Cannot read ${path}.`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MetaError("BAD_CHECKPOINT", `${path} is not JSON.`, { cause });
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeTextAtomically(path, `${JSON.stringify(value, null, 2)}\n`);
}

function bad(directory: string, what: string): MetaError {
  return new MetaError("BAD_CHECKPOINT", `The checkpoint in ${directory} does not fit: ${what}.`);
}
