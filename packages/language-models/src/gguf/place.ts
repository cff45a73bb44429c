import type { Complaint } from "@metalearn/core/files";
import type { GgufTensor } from "./ggufHeader.js";

/** A tensor of a model: where it is stored, and what it is for transformers. */
export interface Place {
  /** Its name in llama.cpp. */
  readonly stored: string;
  readonly storedShape: readonly number[];
  /** Its name in Hugging Face's checkpoint. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Puts the stored values into the order of Hugging Face's checkpoint. @default they are in it */
  readonly restore?: (values: Float32Array) => Float32Array;
}

/** A place whose tensor is stored as it is. */
export function place(stored: string, name: string, shape: readonly number[]): Place {
  return { stored, storedShape: shape, name, shape };
}

/**
 * Pairs up the tensors of a file with the places of a model.
 *
 * @param unused tensors of the file that are part of the model in another way
 * @throws the complaint of a tensor that is missing, has no place, or has another shape
 */
export function requirePlaces(
  places: readonly Place[],
  tensors: ReadonlyMap<string, GgufTensor>,
  unused: readonly string[],
  bad: Complaint,
): void {
  const missing = places.filter(({ stored }) => !tensors.has(stored));
  if (missing.length > 0) {
    const examples = missing.slice(0, 3).map(({ stored }) => stored);
    throw bad(`${missing.length} tensors are missing, for example ${examples.join(", ")}`);
  }
  const known = new Set([...places.map(({ stored }) => stored), ...unused]);
  for (const name of tensors.keys()) {
    if (!known.has(name)) throw bad(`there is no place for its tensor "${name}" in this model`);
  }
  for (const { stored, storedShape } of places) {
    const { shape } = tensors.get(stored) as GgufTensor;
    if (shape.join() !== storedShape.join()) {
      throw bad(
        `tensor "${stored}" has shape [${shape}], but its metadata asks for [${storedShape}]`,
      );
    }
  }
}
