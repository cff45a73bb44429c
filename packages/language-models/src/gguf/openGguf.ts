import type { StoredTensor, TensorFile } from "@metalearn/core/files";
import * as tf from "@tensorflow/tfjs";
import { dequantize, readableTypes } from "./dequantize.js";
import type { GgufTensor } from "./ggufHeader.js";
import type { GgufValue } from "./ggufValues.js";
import { gpt2 } from "./gpt2.js";
import { llamaFamily } from "./llamaFamily.js";
import { type MetadataReader, metadataReader } from "./metadataReader.js";
import type { Describe, HuggingFaceConfig } from "./modelDescription.js";
import { type GgufContainer, openContainer } from "./openContainer.js";
import { requirePlaces } from "./place.js";

/** An open GGUF file as a checkpoint of transformers: its names, its layout, float32. */
export interface GgufFile extends TensorFile {
  readonly path: string;
  /** The contents of this model's `config.json` in transformers. */
  readonly config: HuggingFaceConfig;
  readonly metadata: ReadonlyMap<string, GgufValue>;
}

const architectures: Readonly<Record<string, Describe>> = {
  gpt2,
  llama: llamaFamily("llama"),
  qwen2: llamaFamily("qwen2"),
  qwen3: llamaFamily("qwen3"),
};

/**
 * Opens a GGUF file of a GPT-2, Llama, Qwen2 or Qwen3 as the checkpoint that it was converted from: tensors
 * have the names, shapes and row order of transformers, and are read one at a time as float32, whatever their stored
 * type. A tied output head is not listed.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when the file is damaged, is of another architecture, or
 *   holds a model that transformers' class of that architecture does not compute. Reading a tensor throws it
 *   for a type that cannot be read
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const container = await openContainer(path);
  try {
    return await present(container);
  } catch (error) {
    await container.close();
    throw error;
  }
}

async function present(container: GgufContainer): Promise<GgufFile> {
  const { tensors, bad } = container;
  const metadata = metadataReader(container.metadata, bad);
  requireWholeModel(metadata, container);
  const architecture = metadata.text("general.architecture");
  const describe = Object.hasOwn(architectures, architecture)
    ? architectures[architecture]
    : undefined;
  if (!describe) {
    const known = Object.keys(architectures).join(", ");
    throw bad(`its architecture is "${architecture}"; known are ${known}`);
  }
  const { config, places, unused } = await describe(container, metadata);
  requirePlaces(places, tensors, unused, bad);
  const stored = new Map(
    places.map((place) => [place.name, { place, tensor: tensors.get(place.stored) as GgufTensor }]),
  );
  const find = (name: string) => {
    const found = stored.get(name);
    if (!found) throw bad(`there is no tensor "${name}"`);
    const { dtype } = found.tensor;
    if (readableTypes.includes(dtype)) return found;
    throw bad(`tensor "${name}" is ${dtype}; known types are ${readableTypes.join(", ")}`);
  };
  const entryOf = (shape: readonly number[], dtype: string): StoredTensor => ({ dtype, shape });
  return {
    path: container.path,
    config,
    metadata: container.metadata,
    entries: Object.fromEntries(
      Array.from(stored, ([name, { place, tensor }]) => [name, entryOf(place.shape, tensor.dtype)]),
    ),
    entry(name) {
      const { place, tensor } = find(name);
      return entryOf(place.shape, tensor.dtype);
    },
    async read(name) {
      const { place, tensor } = find(name);
      const values = dequantize(await container.bytes(tensor), tensor.dtype);
      return tf.tensor(place.restore?.(values) ?? values, [...place.shape], "float32");
    },
    close: container.close,
  };
}

/** The version of ggml's block formats. Files of version 1 have other blocks under the same names. */
const quantizationVersion = 2;

/** Refuses adapters, parts of a model, and blocks of another version. @throws MetaError `BAD_CHECKPOINT` */
function requireWholeModel(metadata: MetadataReader, { bad }: GgufContainer): void {
  const kind = metadata.text("general.type", "model");
  if (kind !== "model") throw bad(`it is of the type "${kind}", not a model`);
  const shards = metadata.number("split.count", 1);
  if (shards > 1) {
    throw bad(`it is one of ${shards} parts; put them together with llama-gguf-split --merge`);
  }
  const version = metadata.number("general.quantization_version", quantizationVersion);
  if (version !== quantizationVersion) {
    throw bad(`its numbers are quantized in version ${version}; known is ${quantizationVersion}`);
  }
}
