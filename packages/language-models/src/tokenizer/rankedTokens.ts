import { type Merge, mergeTable } from "./bpe/mergeTable.js";
import { toByteLetters } from "./byteLetters.js";
import { byteLevel } from "./preTokenizerPatterns.js";
import { addedTokenSchema, type TokenizerJson } from "./tokenizerJson.js";

/**
 * A `tokenizer.json` for a byte-level BPE of GPT-2's kind that is known by its tokens alone, as tiktoken has them.
 *
 * @param tokens token i stands for these bytes; later ones are merged from earlier ones
 * @param special the token after them that is no text
 */
export function rankedTokens(tokens: readonly Uint8Array[], special?: string): TokenizerJson {
  const texts = tokens.map(toByteLetters);
  const named = special === undefined ? texts : [...texts, special];
  return {
    added_tokens:
      special === undefined ? [] : [addedTokenSchema.parse({ content: special, special: true })],
    pre_tokenizer: byteLevel(),
    decoder: byteLevel(),
    model: {
      vocab: Object.fromEntries(named.map((text, id) => [text, id])),
      merges: mergesOf(tokens).map(([left, right]) => [
        texts[left] as string,
        texts[right] as string,
      ]),
    },
  };
}

/**
 * Which two tokens each longer one is merged from: those that are left when the merges of earlier tokens
 * are made in its bytes.
 */
function mergesOf(tokens: readonly Uint8Array[]): readonly Merge[] {
  const table = mergeTable();
  const ofByte = new Int32Array(256);
  tokens.forEach((bytes, id) => {
    if (bytes.length === 1) ofByte[bytes[0] as number] = id;
  });
  tokens.forEach((bytes, id) => {
    if (bytes.length === 1) return;
    const parts = Int32Array.from(bytes, (byte) => ofByte[byte] as number);
    table.mergeAll(parts, parts.length);
    table.add([parts[0] as number, parts[1] as number, id]);
  });
  return table.merges;
}
