import type { Tokenizer } from "@metalearn/core";
import {
  type PretrainedTokenizer,
  pretrainedTokenizer,
  rankedTokens,
} from "@metalearn/language-models";
import ranks from "gpt-tokenizer/bpeRanks/r50k_base";
import { type TokenizerTexts, tokenizerTexts, writeTokenizer } from "./tokenizerFiles.js";

const endOfText = "<|endoftext|>";

/**
 * GPT-2's byte-pair encoding, 50,257 tokens (Radford et al. 2019, section 2.2). As in Hugging
 * Face's tokenizer, the text `<|endoftext|>` becomes its special token.
 */
export const gpt2Tokenizer = {
  name: "gpt2",
  vocabularySize: 50_257,
  encode: (text) => gpt2().encode(text),
  encodeStart: (text, limit) => gpt2().encodeStart(text, limit),
  encodeEnd: (text, limit) => gpt2().encodeEnd(text, limit),
  decode: (ids) => gpt2().decode(ids),
  save: (directory, maxTokens) => gpt2().save(directory, maxTokens),
} satisfies Tokenizer;

/** Made when it is first used: that takes a quarter of a second. */
function gpt2(): PretrainedTokenizer {
  built ??= build();
  return built;
}

let built: PretrainedTokenizer | undefined;

function build(): PretrainedTokenizer {
  // Text, or bytes that are none.
  const json = rankedTokens(
    ranks.map((token) => Buffer.from(token as string)),
    endOfText,
  );
  let texts: TokenizerTexts | undefined; // kept, for every checkpoint has them
  return pretrainedTokenizer(json, {
    name: "gpt2",
    special: { bos_token: endOfText, eos_token: endOfText, unk_token: endOfText },
    async save(directory, maxTokens) {
      texts ??= tokenizerTexts(json);
      await writeTokenizer(directory, texts, { special: endOfText, maxTokens });
    },
  });
}

/** One token per byte of UTF-8, for models too small for a large vocabulary. */
export const byteTokenizer = {
  name: "byte",
  vocabularySize: 256,
  encode: (text) => [...Buffer.from(text, "utf8")],
  // A UTF-16 unit has a byte or more; one more, for half a character at the cut.
  encodeStart: (text, limit) => [...Buffer.from(text.slice(0, limit + 1)).subarray(0, limit)],
  encodeEnd: (text, limit) => {
    const bytes = Buffer.from(text.slice(Math.max(0, text.length - limit - 1)));
    return [...bytes.subarray(Math.max(0, bytes.length - limit))];
  },
  decode: (ids) => Buffer.from(ids).toString("utf8"),
  async save(directory, maxTokens) {
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    await writeTokenizer(directory, tokenizerTexts(rankedTokens(bytes)), { maxTokens });
  },
} satisfies Tokenizer;
