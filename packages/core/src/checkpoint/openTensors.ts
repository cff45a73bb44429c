import { openSafetensors } from "./safetensors.js";
import type { TensorFile } from "./tensorFile.js";
import { openTorch } from "./torch/openTorch.js";

/**
 * Opens a file of named tensors: safetensors if it ends so, otherwise the format of torch.save.
 *
 * @throws what {@link openSafetensors} and {@link openTorch} throw
 */
export function openTensors(path: string): Promise<TensorFile> {
  return path.endsWith(".safetensors") ? openSafetensors(path) : openTorch(path);
}
