import type { Tokenizer } from "@metalearn/core";
import { type PretrainedTokenizer, rankedTokenizer } from "@metalearn/language-models";
import ranks from "gpt-tokenizer/bpeRanks/r50k_base";

/**
 * GPT-2's byte-pair encoding, 50,257 tokens (Radford et al. 2019, section 2.2). As in Hugging
 * Face's tokenizer, the text `<|endoftext|>` becomes its special token.
 */
export const gpt2Tokenizer = {
  name: "gpt2",
  vocabularySize: 50_257,
  encode: (text) => built().encode(text),
  encodeStart: (text, limit) => built().encodeStart(text, limit),
  encodeEnd: (text, limit) => built().encodeEnd(text, limit),
  decode: (ids) => built().decode(ids),
  eosTokenIds: [50_256],
  save: (directory, maxTokens) => built().save(directory, maxTokens),
} satisfies Tokenizer;

let tokenizer: PretrainedTokenizer | undefined;

/** Created at the first use, from the vocabulary of gpt-tokenizer, in a fraction of a second. */
function built(): PretrainedTokenizer {
  tokenizer ??= rankedTokenizer({
    name: gpt2Tokenizer.name,
    tokens: ranks.map((token) => Buffer.from(token as string)), // text, or bytes that are none
    special: "<|endoftext|>",
  });
  return tokenizer;
}
