import type { Tokenizer } from "@metalearn/core";
import { decode, encode } from "gpt-tokenizer/encoding/r50k_base";
import {
  type ByteLevelBpe,
  type TokenizerTexts,
  tokenizerTexts,
  writeTokenizer,
} from "./tokenizerFiles.js";

const endOfText = { text: "<|endoftext|>", id: 50_256 };

/**
 * GPT-2's byte-pair encoding, 50,257 tokens (Radford et al. 2019, section 2.2). As in Hugging
 * Face's tokenizer, the text `<|endoftext|>` becomes its special token.
 */
export const gpt2Tokenizer: Tokenizer = {
  name: "gpt2",
  vocabularySize: 50_257,
  // The special token is split off here, since gpt-tokenizer 4.0 finds it at the very start only.
  encode: (text) =>
    text
      .split(endOfText.text)
      .flatMap((part, i) => (i === 0 ? encode(part) : [endOfText.id, ...encode(part)])),
  decode: (ids) => decode(ids),
  async save(directory, maxTokens) {
    gpt2Texts ??= import("gpt-tokenizer/bpeRanks/r50k_base").then(({ default: ranks }) =>
      tokenizerTexts({
        tokens: ranks.map((token) => Buffer.from(token as string)), // text, or bytes that are none
        special: endOfText.text,
      }),
    );
    await writeTokenizer(directory, await gpt2Texts, { special: endOfText.text, maxTokens });
  },
};

/** Kept, for every checkpoint has them. */
let gpt2Texts: Promise<TokenizerTexts> | undefined;

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
