import { createHash } from "node:crypto";
import type { Params } from "../params.js";

/** A hash over names, shapes and values: the same for the same parameters, wherever they come from. */
export async function fingerprint(params: Params): Promise<string> {
  const hash = createHash("sha256");
  for (const [name, tensor] of Object.entries(params)) {
    const values = await tensor.data();
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
