import { dirname, join } from "node:path";
import { MetaError, type Params } from "@metalearn/core";
import { openTensors, type TensorFile } from "@metalearn/core/files";
import type * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { isFile, readJsonFile, tensorFiles } from "./checkpointFiles.js";
import { defaultInitializerRange, type Gpt2Config, parameterShapes } from "./gpt2Config.js";
import { inferConfig } from "./inferConfig.js";

/** The parts of a GPT-2 `config.json` that decide its arithmetic. Others are ignored. */
const configSchema = z.looseObject({
  model_type: z.literal("gpt2"),
  vocab_size: z.int().min(1),
  n_positions: z.int().min(1),
  n_embd: z.int().min(1),
  n_layer: z.int().min(1).max(1_000), // a mistake must not fill the memory with names
  n_head: z.int().min(1),
  n_inner: z.int().nullish(),
  initializer_range: z.number().min(0).default(defaultInitializerRange),
  activation_function: z.literal("gelu_new").default("gelu_new"),
  layer_norm_epsilon: z.literal(1e-5).default(1e-5),
  scale_attn_weights: z.literal(true).default(true),
  scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
  tie_word_embeddings: z.literal(true).default(true),
});

/**
 * Reads the shape of a GPT-2 from a checkpoint: from its `config.json`, in the folder or beside the file; a
 * file of tensors without one shows its shape by those of its tensors.
 *
 * @param heads attention heads, where the tensors alone do not tell: those of no published width
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is not a GPT-2 that this model computes;
 *   `BAD_OPTION` when `heads` are needed, or other ones than those of the checkpoint
 */
export async function readHuggingFaceConfig(source: string, heads?: number): Promise<Gpt2Config> {
  const isOneFile = await isFile(source);
  const path = join(isOneFile ? dirname(source) : source, "config.json");
  if (isOneFile && !(await isFile(path))) {
    return inferConfig(source, await shapesIn(source), heads);
  }
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
  if (heads !== undefined && heads !== config.n_head) {
    throw new MetaError("BAD_OPTION", `${path} has ${config.n_head} heads, not ${heads}.`);
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
 * Reads the parameters of a GPT-2 from a checkpoint folder: `model.safetensors` or `pytorch_model.bin`, or
 * shards with an index; or from a single file of safetensors or torch.save. Names may begin with `module.`
 * and `transformer.` or not; float16 and bfloat16 become float32. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when tensors are missing, unknown, of another
 *   shape, or when the output head is not tied to the embeddings
 */
export async function readHuggingFaceParams(source: string, config: Gpt2Config): Promise<Params> {
  const shapes = parameterShapes(config);
  const loaded: Record<string, tf.Tensor> = {};
  try {
    for (const path of await tensorFiles(source)) {
      const file = await openTensors(path);
      try {
        for (const { stored, name } of placesIn(source, file, config)) {
          if (loaded[name]) throw bad(source, `tensor "${stored}" is there twice`);
          loaded[name] = await file.read(stored);
        }
      } finally {
        await file.close();
      }
    }
    requireAll(source, shapes, Object.keys(loaded));
    requireTiedHead(source, loaded);
  } catch (error) {
    for (const tensor of Object.values(loaded)) tensor.dispose();
    throw error;
  }
  // In the model's order, not that of the file.
  return Object.fromEntries(Object.keys(shapes).map((name) => [name, loaded[name] as tf.Tensor]));
}

/**
 * Finds out what is wrong with a checkpoint short of its values: reads no tensors.
 *
 * @throws what {@link readHuggingFaceParams} throws, save for an output head that is not tied
 */
export async function checkHuggingFaceParams(source: string, config: Gpt2Config): Promise<void> {
  const found: string[] = [];
  for (const path of await tensorFiles(source)) {
    const file = await openTensors(path);
    await file.close();
    found.push(...placesIn(source, file, config).map(({ name }) => name));
  }
  requireAll(source, parameterShapes(config), found);
}

/** The shapes of a file's tensors by the model's own names. */
async function shapesIn(path: string): Promise<Map<string, readonly number[]>> {
  const file = await openTensors(path);
  await file.close();
  return new Map(
    Object.entries(file.entries).map(([stored, { shape }]) => [ownName(stored), shape]),
  );
}

/** `h.0.ln_1.bias` of `module.transformer.h.0.ln_1.bias`: the first is that of torch's DataParallel. */
function ownName(stored: string): string {
  return stored.replace(/^(module\.)?(transformer\.)?/, "");
}

/** The tensors of a file that a GPT-2 of this shape has a place for, by their names there and here. */
function placesIn(source: string, file: TensorFile, config: Gpt2Config) {
  const shapes = parameterShapes(config);
  return Object.entries(file.entries).flatMap(([stored, entry]) => {
    const name = ownName(stored);
    if (isBuffer(name)) return [];
    file.entry(stored); // of a type that can be read
    const place = name === "lm_head.weight" ? "wte.weight" : name;
    const shape = Object.hasOwn(shapes, place) ? (shapes[place] as number[]) : undefined;
    if (!shape) {
      throw bad(
        source,
        `there is no place for tensor "${stored}" in a GPT-2 of ${config.layers} layers`,
      );
    }
    if (shape.join() !== entry.shape.join()) {
      throw bad(
        source,
        `tensor "${stored}" has shape [${entry.shape}], but its configuration asks for [${shape}]`,
      );
    }
    return [{ stored, name }];
  });
}

function requireAll(
  source: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  found: readonly string[],
): void {
  const missing = Object.keys(shapes).filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  const examples = missing.slice(0, 3).join(", ");
  throw bad(source, `${missing.length} tensors are missing, for example ${examples}`);
}

/** Causal masks, which old checkpoints store beside the parameters. */
function isBuffer(name: string): boolean {
  return /^h\.\d+\.attn\.(masked_)?bias$/.test(name);
}

/** Drops a stored output head that equals the embeddings. */
function requireTiedHead(source: string, loaded: Record<string, tf.Tensor>): void {
  const { "lm_head.weight": head, "wte.weight": embeddings } = loaded;
  if (!head || !embeddings) return;
  const [a, b] = [head.dataSync(), embeddings.dataSync()];
  if (a.some((value, i) => value !== b[i])) {
    throw bad(source, "its output head lm_head.weight is not tied to wte.weight");
  }
  head.dispose();
  delete loaded["lm_head.weight"];
}

function bad(source: string, what: string): MetaError {
  return new MetaError("BAD_CHECKPOINT", `The checkpoint ${source} does not fit: ${what}.`);
}
