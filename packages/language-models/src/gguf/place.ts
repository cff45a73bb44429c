import type { Complaint } from "@metalearn/core/files";
import type { GgufTensor } from "./ggufHeader.js";

/** A tensor of a model: its name in the file, and its name, shape and order in transformers. */
export interface Place {
  /** Its name in llama.cpp. */
  readonly stored: string;
  readonly storedShape: readonly number[];
  /** Its name in Hugging Face's checkpoint. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Reorders the stored values as in Hugging Face's checkpoint. @default no change */
  readonly restore?: (values: Float32Array) => Float32Array;
}

/** A place whose tensor needs no reordering. */
export function place(stored: string, name: string, shape: readonly number[]): Place {
  return { stored, storedShape: shape, name, shape };
}

/**
 * Checks that the tensors of a file are those of a model.
 *
 * @param unused tensors of the file that the checkpoint omits
 * @throws MetaError `BAD_CHECKPOINT` for a tensor that is missing, unknown, or of another shape
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
