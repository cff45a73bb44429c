import type { Tokenizer } from "@metalearn/core";
import { rankedJson } from "./rankedTokenizer.js";
import { twoFiles, writeTwoFiles } from "./twoFiles.js";

/** One token per byte of UTF-8, for models too small for a large vocabulary. */
export const byteTokenizer = {
  name: "byte",
  vocabularySize: 256,
  encode: (text) => [...Buffer.from(text, "utf8")],
  // A UTF-16 unit has a byte or more; one unit more, for half a character at the cut.
  encodeStart: (text, limit) => [...Buffer.from(text.slice(0, limit + 1)).subarray(0, limit)],
  encodeEnd(text, limit) {
    const bytes = Buffer.from(text.slice(Math.max(0, text.length - limit - 1)));
    return [...bytes.subarray(Math.max(0, bytes.length - limit))];
  },
  decode: (ids) => Buffer.from(ids).toString("utf8"),
  async save(directory, maxTokens) {
    const tokens = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    await writeTwoFiles(directory, twoFiles(rankedJson({ tokens })), { maxTokens });
  },
} satisfies Tokenizer;
