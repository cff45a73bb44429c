import { type Part, tokenFinder } from "./addedTokens.js";
import { bpe } from "./bpe/bpe.js";
import { normalizer } from "./normalizer.js";
import { preTokenizer } from "./preTokenizer.js";
import type { TokenizerJson } from "./tokenizerJson.js";
import type { Vocabulary } from "./vocabulary.js";

/** Turns texts into ids. */
export interface Pipeline {
  /**
   * Encodes a text.
   *
   * @param continues true if the text continues another one, so that nothing is put before it
   */
  encode(text: string, continues: boolean): number[];
  /** The first `limit` ids of {@link encode}, or all if there are fewer. */
  encodeStart(text: string, continues: boolean, limit: number): number[];
  /** The last `limit` ids of {@link encode}, or all if there are fewer. */
  encodeEnd(text: string, continues: boolean, limit: number): number[];
  /**
   * True if the ids of a text are certainly those of the part before a place, followed by those of the part after it.
   * Decided by the characters around the place alone.
   */
  isBorder(text: string, place: number): boolean;
  /** The text that an added token decodes to: normalised if the token is. */
  normalize(content: string): string;
}

/**
 * Makes a pipeline: splits texts at added tokens, normalises the parts between, cuts them into words, and encodes each
 * word by the model.
 *
 * Source: `extract_and_normalize` and `do_tokenize` of Hugging Face's tokenizers.
 */
export function pipeline(json: TokenizerJson, { model, added }: Vocabulary): Pipeline {
  const { apply, alone } = normalizer(json.normalizer);
  const words = preTokenizer(json.pre_tokenizer);
  const { vocab: _, unk_token, fuse_unk, byte_fallback, ignore_merges, merges } = json.model;
  const encoder = bpe({
    vocabulary: model,
    merges,
    byteLevel: words.byteLevel,
    byteFallback: byte_fallback === true,
    unknownToken: unk_token ?? undefined,
    fuseUnknown: fuse_unk === true,
    ignoreMerges: ignore_merges === true,
  });
  const raw = tokenFinder(
    new Map(added.filter((token) => !token.normalized).map((token) => [token.content, token])),
  );
  const normalized = tokenFinder(
    new Map(
      added
        .filter((token) => token.normalized)
        .map((token) => [apply(token.content, false), token]),
    ),
  );

  /**
   * Visits the ids of added tokens and the words between them, until `visit` asks to stop.
   *
   * @param continues true if the text continues another one
   */
  const walk = (text: string, continues: boolean, visit: (part: Part) => boolean): void => {
    let isFirst = true;
    for (const part of raw.split(text.replace(loneSurrogates, "\ufffd"))) {
      const pieces =
        typeof part === "number" ? [part] : normalized.split(apply(part, continues && isFirst));
      for (const piece of pieces) {
        if (typeof piece === "number") {
          if (visit(piece)) return;
        } else {
          const place = { continues: continues && isFirst, isFirst: !continues && isFirst };
          const prepared = words.prepare(piece, place);
          const stop = words.split(prepared, (start, end) => visit(prepared.slice(start, end)));
          if (stop) return;
        }
        isFirst = false;
      }
      isFirst = false;
    }
  };
  const encodeStart: Pipeline["encodeStart"] = (text, continues, limit) => {
    const ids: number[] = [];
    walk(text, continues, (part) => {
      if (typeof part === "number") ids.push(part);
      else if (part.length <= limit - ids.length) encoder.encode(part, ids);
      else for (const id of encoder.encodeStart(part, limit - ids.length)) ids.push(id);
      return ids.length >= limit;
    });
    return ids.slice(0, limit);
  };
  const encodeEnd: Pipeline["encodeEnd"] = (text, continues, limit) => {
    const parts: Part[] = [];
    walk(text, continues, (part) => {
      parts.push(part);
      return false;
    });
    const ends: (readonly number[])[] = [];
    for (let room = limit; room > 0 && parts.length > 0; ) {
      const part = parts.pop() as Part;
      const ids = typeof part === "number" ? [part] : encoder.encodeEnd(part, room);
      ends.push(ids);
      room -= ids.length;
    }
    return ends.reverse().flat();
  };

  const isBorder: Pipeline["isBorder"] = (text, place) => {
    const left = text.codePointAt(isLow(text, place - 1) ? place - 2 : place - 1) as number;
    const right = text.codePointAt(place) as number;
    const after = text.codePointAt(place + (right > 0xffff ? 2 : 1));
    if (isSurrogate(left) || isSurrogate(right) || !raw.separates(left, right)) return false;
    const [before, behind] = [alone(left), alone(right)];
    if (!before || !behind || (after !== undefined && !alone(after))) return false;
    if (!normalized.separates(before[1], behind[0])) return false;
    const [a, b] = [words.replace(before[1]), words.replace(behind[0])];
    return words.separates(a, b) ?? encoder.separates(a, b);
  };

  return {
    encodeStart,
    encodeEnd,
    isBorder,
    normalize: (content) => apply(content, false),
    encode(text, continues) {
      const ids: number[] = [];
      walk(text, continues, (part) => {
        if (typeof part === "number") ids.push(part);
        else encoder.encode(part, ids);
        return false;
      });
      return ids;
    },
  };
}

const loneSurrogates = /\p{Surrogate}/gu;

function isLow(text: string, place: number): boolean {
  return place > 0 && (text.codePointAt(place - 1) as number) > 0xffff;
}

/** True for half a character beyond U+FFFF: a surrogate. */
function isSurrogate(codePoint: number): boolean {
  return (codePoint & 0xfffff800) === 0xd800;
}
