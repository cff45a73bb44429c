import type { Pipeline } from "./pipeline.js";

/** Encodes the ends of texts, without reading much more than these. */
export interface TextEnds {
  /** The first `limit` ids of a text. */
  encodeStart(text: string, limit: number): number[];
  /** The last `limit` ids of a text. */
  encodeEnd(text: string, limit: number): number[];
}

/**
 * Encodes the ends of texts part by part. Parts end where two neighbouring characters alone show that every step of
 * the pipeline has a border there, so that ids equal those of the whole text. A text without such a place is one part;
 * the pipeline encodes no more of it than needed.
 */
export function textEnds({ encodeStart, encodeEnd, isBorder }: Pipeline): TextEnds {
  return {
    encodeStart(text, limit) {
      const ids: number[] = [];
      let start = 0;
      for (let length = firstPart(limit); start < text.length && ids.length < limit; length *= 2) {
        let end = start + length;
        const farthest = end + borderSearch;
        while (end < text.length && !isBorder(text, end)) {
          end = end < farthest ? end + 1 : text.length;
        }
        const part = text.slice(start, end);
        for (const id of encodeStart(part, start > 0, limit - ids.length)) ids.push(id);
        start = end;
      }
      return ids;
    },
    encodeEnd(text, limit) {
      const parts: (readonly number[])[] = [];
      let room = limit;
      let end = text.length;
      for (let length = firstPart(limit); end > 0 && room > 0; length *= 2) {
        let start = Math.max(0, end - length);
        const farthest = start - borderSearch;
        while (start > 0 && !isBorder(text, start)) start = start > farthest ? start - 1 : 0;
        const ids = encodeEnd(text.slice(start, end), start > 0, room);
        parts.push(ids);
        room -= ids.length;
        end = start;
      }
      return parts.reverse().flat();
    },
  };
}

/** Number of characters searched for a border; without one, the whole rest is one part. */
const borderSearch = 2 ** 16;

/** Number of characters to read first: about the length of `tokens` tokens of English. */
function firstPart(tokens: number): number {
  return 4 * tokens + 16;
}
