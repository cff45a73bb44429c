import { stat } from "node:fs/promises";
import { MetaError, type Params, type StoredWeights } from "@metalearn/core";
import { openTensors, type StoredTensor, type TensorFile } from "@metalearn/core/files";
import type * as tf from "@tensorflow/tfjs";
import { openGguf } from "../gguf/openGguf.js";
import { hasTiedHead, parameterShapes } from "../transformer/architecture.js";
import { isGgufFile, tensorFiles } from "./checkpointFiles.js";
import { type NamedParameters, ownName } from "./names.js";

/**
 * Reads parameters from a checkpoint folder: `model.safetensors` or `pytorch_model.bin`, or shards with an
 * index; or from a single file of safetensors, torch.save or GGUF. Names may begin with `module.` and with the
 * architecture's prefix or not; float16, bfloat16 and quantized numbers become float32. Tensors are read one by
 * one. The caller owns them.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when tensors are missing, unknown, of another
 *   shape, or when an output head that should be the embeddings is not
 */
export async function readCheckpoint(
  source: string,
  architecture: NamedParameters,
): Promise<Params> {
  const loaded: Record<string, tf.Tensor> = {};
  try {
    for (const path of await tensorFiles(source)) {
      const file = await openFile(path);
      try {
        for (const { stored, name } of placesIn(source, file, architecture)) {
          if (loaded[name]) throw bad(source, `tensor "${stored}" is there twice`);
          loaded[name] = await file.read(stored);
        }
      } finally {
        await file.close();
      }
    }
    requireAll(source, architecture, Object.keys(loaded));
    if (hasTiedHead(architecture)) requireTiedHead(source, architecture, loaded);
  } catch (error) {
    for (const tensor of Object.values(loaded)) tensor.dispose();
    throw error;
  }
  // In the model's order, not that of the file.
  const names = Object.keys(parameterShapes(architecture));
  return Object.fromEntries(names.map((name) => [name, loaded[name] as tf.Tensor]));
}

/**
 * Checks the names and shapes of a checkpoint without reading tensors.
 *
 * @returns its files
 * @throws the errors of {@link readCheckpoint}, except for an output head that is not tied
 */
export async function checkCheckpoint(
  source: string,
  architecture: NamedParameters,
): Promise<StoredWeights> {
  const found: string[] = [];
  const types: Record<string, number> = {};
  let bytes = 0;
  const files = await tensorFiles(source);
  for (const path of files) {
    const file = await openFile(path);
    await file.close();
    const places = placesIn(source, file, architecture);
    found.push(...places.map(({ name }) => name));
    for (const { stored } of places) {
      const type = (file.entries[stored] as StoredTensor).dtype;
      types[type] = (types[type] ?? 0) + 1;
    }
    bytes += (await stat(path)).size;
  }
  requireAll(source, architecture, found);
  return { files, bytes, types };
}

/** The shapes of a file's tensors by the model's own names. */
export async function storedShapes(
  path: string,
  prefix: string,
): Promise<Map<string, readonly number[]>> {
  const file = await openFile(path);
  await file.close();
  return new Map(
    Object.entries(file.entries).map(([stored, { shape }]) => [ownName(prefix, stored), shape]),
  );
}

/** Opens a file of tensors with transformers' names. */
async function openFile(path: string): Promise<TensorFile> {
  return (await isGgufFile(path)) ? openGguf(path) : openTensors(path);
}

/** The tensors of a file that are parameters of an architecture: their names in the file and in the model. */
function placesIn(source: string, file: TensorFile, architecture: NamedParameters) {
  const { layers, outputHead, tokenEmbeddings, checkpoint } = architecture;
  const shapes = parameterShapes(architecture);
  return Object.entries(file.entries).flatMap(([stored, entry]) => {
    const name = ownName(checkpoint.prefix, stored);
    if (checkpoint.buffers?.test(name)) return [];
    file.entry(stored); // of a type that can be read
    const isTied = name === outputHead && hasTiedHead(architecture);
    const place = isTied ? tokenEmbeddings : name;
    const shape = Object.hasOwn(shapes, place) ? (shapes[place] as number[]) : undefined;
    if (!shape) {
      throw bad(
        source,
        `there is no place for tensor "${stored}" in a ${checkpoint.title} of ${layers} layers`,
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

function requireAll(source: string, architecture: NamedParameters, found: readonly string[]): void {
  const missing = Object.keys(parameterShapes(architecture)).filter(
    (name) => !found.includes(name),
  );
  if (missing.length === 0) return;
  const examples = missing.slice(0, 3).join(", ");
  throw bad(source, `${missing.length} tensors are missing, for example ${examples}`);
}

/** Drops a stored output head that equals the embeddings. */
function requireTiedHead(
  source: string,
  { outputHead, tokenEmbeddings }: NamedParameters,
  loaded: Record<string, tf.Tensor>,
): void {
  const { [outputHead]: head, [tokenEmbeddings]: embeddings } = loaded;
  if (!head || !embeddings) return;
  const [a, b] = [head.dataSync(), embeddings.dataSync()];
  if (a.some((value, i) => value !== b[i])) {
    throw bad(source, `its output head ${outputHead} is not tied to ${tokenEmbeddings}`);
  }
  head.dispose();
  delete loaded[outputHead];
}

function bad(source: string, what: string): MetaError {
  return new MetaError("BAD_CHECKPOINT", `The checkpoint ${source} does not fit: ${what}.`);
}
