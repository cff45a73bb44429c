import type { TokenBatch, Tokenizer, TokenSequence } from "@metalearn/core";

/** One token per character, so that expectations can be read. */
export const letterTokenizer: Tokenizer = {
  name: "letters",
  vocabularySize: 0x1_0000,
  encode: (text) => [...text].map((letter) => letter.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
};

/** Texts of the read and the scored part of a sequence. */
export function textsOf({ ids, scoredFrom }: TokenSequence): [read: string, scored: string] {
  const text = letterTokenizer.decode(ids);
  return [text.slice(0, scoredFrom), text.slice(scoredFrom)];
}

/** The sequences of a batch, without padding. */
export function batchTexts({ inputIds }: TokenBatch): string[] {
  const rows = inputIds.arraySync();
  return rows.map((ids) => letterTokenizer.decode(ids.filter((id) => id !== 0)));
}
