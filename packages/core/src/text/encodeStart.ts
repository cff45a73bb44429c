import type { Tokenizer } from "../contracts/model.js";

/** Encodes the first `limit` tokens of a text, without encoding the rest if the tokenizer supports that. */
export function encodeStart(
  tokenizer: Pick<Tokenizer, "encode" | "encodeStart">,
  text: string,
  limit: number,
): number[] {
  return tokenizer.encodeStart?.(text, limit) ?? tokenizer.encode(text).slice(0, limit);
}
