import type { Tokenizer } from "./contracts/model.js";

/** The first `limit` ids of a text, without encoding the rest where the tokenizer can do that. */
export function encodeStart(
  tokenizer: Pick<Tokenizer, "encode" | "encodeStart">,
  text: string,
  limit: number,
): number[] {
  return tokenizer.encodeStart?.(text, limit) ?? tokenizer.encode(text).slice(0, limit);
}
