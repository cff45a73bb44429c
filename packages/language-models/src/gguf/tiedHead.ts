import type { GgufContainer } from "./openContainer.js";

export const embeddingsName = "token_embd.weight";
export const headName = "output.weight";

const comparedAtOnce = 2 ** 20; // bytes

/**
 * True if the output head is the embedding matrix: it is not stored, or is stored again with the same bytes, as in
 * older conversions of GPT-2.
 */
export async function hasTiedHead(container: GgufContainer): Promise<boolean> {
  const head = container.tensors.get(headName);
  const embeddings = container.tensors.get(embeddingsName);
  if (!head) return true;
  const { bytes, dtype, shape } = head;
  if (embeddings?.dtype !== dtype || embeddings.shape.join() !== shape.join()) return false;
  if (bytes === undefined) return false;
  for (let from = 0; from < bytes; from += comparedAtOnce) {
    const count = Math.min(comparedAtOnce, bytes - from);
    const ours = await container.bytes(head, from, count);
    const theirs = await container.bytes(embeddings, from, count);
    if (Buffer.compare(ours, theirs) !== 0) return false;
  }
  return true;
}
