import type { Tokenizer } from "@metalearn/core";
import { type TokenizerTexts, tokenizerTexts, writeTokenizer } from "@metalearn/language-models";
import { decode, encode } from "gpt-tokenizer/encoding/r50k_base";

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
