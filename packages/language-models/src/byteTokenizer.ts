import type { Tokenizer } from "@metalearn/core";
import { type ByteLevelBpe, tokenizerTexts, writeTokenizer } from "./tokenizerFiles.js";

/** One token per byte of UTF-8, for models too small for a large vocabulary. */
export const byteTokenizer: Tokenizer = {
  name: "byte",
  vocabularySize: 256,
  encode: (text) => [...Buffer.from(text, "utf8")],
  decode: (ids) => Buffer.from(ids).toString("utf8"),
  async save(directory, maxTokens) {
    const bytes: ByteLevelBpe = { tokens: Array.from({ length: 256 }, (_, i) => Uint8Array.of(i)) };
    await writeTokenizer(directory, tokenizerTexts(bytes), { maxTokens });
  },
};
