import { MetaError } from "@metalearn/core";
import { letterOfByte } from "../byteLetters.js";

/** Rules that turn texts into the smallest tokens, from which all others are merged. */
export interface AlphabetOptions {
  readonly vocabulary: ReadonlyMap<string, number>;
  /** True if texts are read as the bytes of UTF-8, and each byte as the letter that stands for it. */
  readonly byteLevel: boolean;
  /** True if a character without a token becomes the tokens `<0x00>` to `<0xFF>` of its bytes. */
  readonly byteFallback: boolean;
  /** Token for characters that have none; if it is absent, they are dropped. */
  readonly unknownToken: string | undefined;
  /** True if neighbouring characters without a token become one unknown token. */
  readonly fuseUnknown: boolean;
}

/** The smallest tokens of texts. */
export interface Alphabet {
  /** Reads a text. The result is valid until the next call. */
  read(text: string): SmallestTokens;
  /** The tokens that {@link read} can give. */
  readonly tokens: ReadonlySet<number>;
  /** The tokens of bytes, if every character without a token becomes those of its bytes. */
  readonly fallback: ReadonlySet<number> | undefined;
  /**
   * True if the tokens of every prefix of a text begin the tokens of the text, and those of every suffix end them,
   * except for an unknown token at the cut.
   */
  readonly isLocal: boolean;
}

/** A text as its smallest tokens. */
interface SmallestTokens {
  readonly tokens: Int32Array;
  readonly count: number;
  /** True if the last token is unknown, so that following unknown characters might be fused with it. */
  readonly endsUnknown: boolean;
}

/**
 * The alphabet of a BPE.
 *
 * Source: `merge_word` of Hugging Face's tokenizers (`models/bpe/model.rs`).
 */
export function alphabet(options: AlphabetOptions): Alphabet {
  const { vocabulary, byteLevel, byteFallback, unknownToken, fuseUnknown } = options;
  const fallback = Int32Array.from({ length: 256 }, (_, byte) =>
    byteFallback ? (vocabulary.get(byteToken(byte)) ?? -1) : -1,
  );
  const bytes = Int32Array.from(letterOfByte, (letter) => vocabulary.get(letter) ?? -1);
  const characters = new Int32Array(byteLevel ? 0 : 0x10000).fill(-1);
  const astral = new Map<number, number>();
  if (!byteLevel) {
    for (const [token, id] of vocabulary) {
      const character = token.codePointAt(0) ?? 0;
      if (token.length !== (character > 0xffff ? 2 : 1)) continue;
      if (character > 0xffff) astral.set(character, id);
      else characters[character] = id;
    }
  }
  const unknown = unknownToken === undefined ? undefined : vocabulary.get(unknownToken);

  let tokens = new Int32Array(256);
  let count = 0;
  /** True if an unknown token is still to be written, in case the next character is unknown as well. */
  let isPending = false;

  const known = (id: number) => {
    if (isPending) writeUnknown();
    tokens[count++] = id;
  };
  const writeUnknown = () => {
    tokens[count++] = unknown as number;
    isPending = false;
  };
  const missing = (character: string) => {
    const utf8 = byteFallback ? Buffer.from(character) : undefined;
    if (utf8?.every((byte) => fallback[byte] !== -1)) {
      for (const byte of utf8) tokens[count++] = fallback[byte] as number;
      return;
    }
    if (unknownToken === undefined) return;
    if (unknown === undefined) {
      throw new MetaError(
        "BAD_CHECKPOINT",
        `The tokenizer has no token for ${JSON.stringify(character)}, and its unknown token ${JSON.stringify(unknownToken)} is not in its vocabulary.`,
      );
    }
    if (isPending && !fuseUnknown) writeUnknown();
    isPending = true;
  };
  const readByte = (byte: number) => {
    const id = bytes[byte] as number;
    if (id !== -1) known(id);
    else missing(letterOfByte[byte] as string);
  };

  const readBytes = (text: string) => {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) {
        readByte(unit);
      } else if (unit < 0x800) {
        readByte(0xc0 | (unit >> 6));
        readByte(0x80 | (unit & 0x3f));
      } else if (unit < 0xd800 || unit > 0xdfff) {
        readByte(0xe0 | (unit >> 12));
        readByte(0x80 | ((unit >> 6) & 0x3f));
        readByte(0x80 | (unit & 0x3f));
      } else {
        const point = text.codePointAt(i++) as number;
        readByte(0xf0 | (point >> 18));
        readByte(0x80 | ((point >> 12) & 0x3f));
        readByte(0x80 | ((point >> 6) & 0x3f));
        readByte(0x80 | (point & 0x3f));
      }
    }
  };
  const readCharacters = (text: string) => {
    for (let i = 0; i < text.length; i++) {
      const point = text.codePointAt(i) as number;
      const id = point > 0xffff ? (astral.get(point) ?? -1) : (characters[point] as number);
      if (point > 0xffff) i++;
      if (id !== -1) known(id);
      else missing(String.fromCodePoint(point));
    }
  };

  const fallsBack = fallback.every((id) => id !== -1);
  const possible = byteLevel ? bytes : [...characters, ...astral.values()];
  const all = new Set([...possible, ...fallback, unknown ?? -1]);
  all.delete(-1);
  return {
    read(text) {
      // A UTF-16 unit has at most 3 bytes, of whose letters each may fall back to 2 bytes.
      if (tokens.length < 6 * text.length + 1) tokens = new Int32Array(12 * text.length);
      count = 0;
      isPending = false;
      if (byteLevel) readBytes(text);
      else readCharacters(text);
      const endsUnknown = isPending;
      if (isPending) writeUnknown();
      return { tokens, count, endsUnknown };
    },
    tokens: all,
    fallback: fallsBack ? new Set(fallback) : undefined,
    // Bytes are written before an unknown character that is still pending.
    isLocal: !byteFallback || unknown === undefined || fallsBack,
  };
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}
