/** Text of tokens as they come: only text that later tokens cannot change. */
export interface TextStream {
  /** Adds a token. @returns text that is settled by it, often that of the token */
  add(id: number): string;
  /** True when a stop text was found: the text ends before it. */
  readonly isStopped: boolean;
  /** The rest of the text, when no more tokens come. */
  end(): string;
}

/** Most characters that stand for bytes of an unfinished character: UTF-8 takes at most four. */
const unfinished = /\ufffd{1,3}$/;

/**
 * Decodes tokens one after the other. A character whose bytes are spread over tokens, and a possible
 * beginning of a stop text, are held back until they are whole.
 *
 * Tokens are decoded together with those before them, because a decoder may treat the first token
 * otherwise: SentencePiece's loses its space.
 *
 * @param stop texts at which the text ends
 */
export function textStream(
  decode: (ids: readonly number[]) => string,
  stop: readonly string[],
): TextStream {
  let window: number[] = []; // tokens of the last settled text, then those after it
  let settled = 0; // number of tokens whose text is settled
  let given = ""; // text of the window that was given out
  let held = ""; // decoded text that may be the beginning of a stop text
  let isStopped = false;

  const release = (text: string): string => {
    held += text;
    const found = firstOf(held, stop);
    if (found !== -1) {
      isStopped = true;
      return take(found);
    }
    return take(held.length - possibleStart(held, stop));
  };
  const take = (length: number): string => {
    const text = held.slice(0, length);
    held = isStopped ? "" : held.slice(length);
    return text;
  };

  return {
    add(id) {
      if (isStopped) return "";
      window.push(id);
      const text = decode(window);
      const whole = text.replace(unfinished, "");
      const next = whole.slice(given.length);
      if (whole === text) {
        window = window.slice(settled);
        settled = window.length;
        given = decode(window);
      } else {
        given += next;
      }
      return release(next);
    },
    get isStopped() {
      return isStopped;
    },
    end() {
      if (isStopped) return "";
      const rest = release(decode(window).slice(given.length));
      return isStopped ? rest : rest + take(held.length);
    },
  };
}

/** Index of the first stop text, or -1. */
function firstOf(text: string, stop: readonly string[]): number {
  const found = stop.map((one) => text.indexOf(one)).filter((index) => index !== -1);
  return found.length > 0 ? Math.min(...found) : -1;
}

/** Length of the longest end of `text` that a stop text begins with. */
function possibleStart(text: string, stop: readonly string[]): number {
  const longest = Math.max(0, ...stop.map((one) => one.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    if (stop.some((one) => one.startsWith(text.slice(-length)))) return length;
  }
  return 0;
}
