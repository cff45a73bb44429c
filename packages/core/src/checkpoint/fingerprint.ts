import { createHash } from "node:crypto";
import type { Params } from "../params.js";

/** Hash over names, shapes and values of parameters, independent of their source. */
export async function fingerprint(params: Params): Promise<string> {
  const hash = createHash("sha256");
  for (const [name, tensor] of Object.entries(params)) {
    const values = await tensor.data();
    hash.update(JSON.stringify([name, tensor.dtype, tensor.shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
