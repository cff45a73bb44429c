import { matcher } from "./pattern/matcher.js";
import { neighbours } from "./pattern/neighbours.js";
import type { Pattern } from "./pattern/pattern.js";

/** Treatment of the matches of a pattern, the delimiters, and of the text between them. */
export type Behavior =
  | "Isolated"
  | "Removed"
  | "MergedWithPrevious"
  | "MergedWithNext"
  | "Contiguous";

/** Takes a piece of a text; true to stop. */
export type Visit = (start: number, end: number) => boolean;

/** Cuts texts into pieces. */
export interface Splitter {
  /**
   * Cuts `text` from `start` to `end`, in order, until `visit` asks to stop.
   *
   * @returns true if it was stopped
   */
  split(text: string, start: number, end: number, visit: Visit): boolean;
  /** True if every text has a border between these characters, and the pieces of both sides are those of each alone. */
  separates(left: number, right: number): boolean;
  /** True if the two characters around a place alone decide if it is a border. */
  readonly isLocal: boolean;
}

/**
 * Makes a splitter by a pattern that never matches the empty text.
 *
 * @param invert true to take the text between matches as the delimiters
 * Source: `NormalizedString::split` of Hugging Face's tokenizers (`tokenizer/normalizer.rs`).
 */
export function splitter(pattern: Pattern, behavior: Behavior, invert = false): Splitter {
  const { match } = matcher(pattern);
  const only = singleCharacters(pattern);
  /** Visits matches and what stands between them. */
  const scan = (
    text: string,
    start: number,
    end: number,
    visit: (start: number, end: number, isDelimiter: boolean) => boolean,
  ): boolean => {
    let from = start;
    let place = start;
    while (place < end) {
      const point = text.codePointAt(place) as number;
      const matched = !only || only(point) ? match(text, place, end) : -1;
      if (matched === -1) {
        place += point > 0xffff ? 2 : 1;
        continue;
      }
      if (place > from && visit(from, place, invert)) return true;
      if (visit(place, matched, !invert)) return true;
      from = place = matched;
    }
    return from < end && visit(from, end, invert);
  };
  return {
    split(text, start, end, visit) {
      if (behavior === "Isolated") return scan(text, start, end, visit);
      if (behavior === "Removed") {
        return scan(text, start, end, (from, to, isDelimiter) => !isDelimiter && visit(from, to));
      }
      const runs: Run[] = [];
      scan(text, start, end, (from, to, isDelimiter) => {
        runs.push({ start: from, end: to, isDelimiter });
        return false;
      });
      return merge[behavior](runs).some((run) => visit(run.start, run.end));
    },
    ...borders(pattern, behavior, invert),
  };
}

interface Run {
  start: number;
  end: number;
  isDelimiter: boolean;
}

/** The pieces that delimiters and what stands between them make. */
const merge = {
  Contiguous(runs: readonly Run[]): Run[] {
    const pieces: Run[] = [];
    let before = false;
    for (const run of runs) {
      const piece = pieces.at(-1);
      if (run.isDelimiter === before && piece) piece.end = run.end;
      else pieces.push({ ...run });
      before = run.isDelimiter;
    }
    return pieces;
  },
  MergedWithPrevious(runs: readonly Run[]): Run[] {
    const pieces: Run[] = [];
    let before = false;
    for (const run of runs) {
      const piece = pieces.at(-1);
      if (run.isDelimiter && !before && piece) piece.end = run.end;
      else pieces.push({ ...run });
      before = run.isDelimiter;
    }
    return pieces;
  },
  MergedWithNext(runs: readonly Run[]): Run[] {
    const pieces: Run[] = [];
    let after = false;
    for (const run of [...runs].reverse()) {
      const piece = pieces.at(-1);
      if (run.isDelimiter && !after && piece) piece.start = run.start;
      else pieces.push({ ...run });
      after = run.isDelimiter;
    }
    return pieces.reverse();
  },
};

/** Decides about the border between two neighbouring characters by these alone. */
function borders(
  pattern: Pattern,
  behavior: Behavior,
  invert: boolean,
): Pick<Splitter, "separates" | "isLocal"> {
  const single = singleCharacters(pattern);
  if (single) {
    const isDelimiter = (character: number) => single(character) !== invert;
    switch (behavior) {
      case "Contiguous":
        return { isLocal: true, separates: (a, b) => isDelimiter(a) !== isDelimiter(b) };
      case "MergedWithPrevious":
      case "MergedWithNext":
        if (invert) break;
        return {
          isLocal: true,
          separates: (a, b) => single(behavior === "MergedWithNext" ? b : a),
        };
      default:
        return { isLocal: true, separates: (a, b) => single(a) || single(b) };
    }
  }
  if (behavior !== "Isolated" && behavior !== "Removed") {
    return { isLocal: false, separates: () => false };
  }
  const { mayJoin, alwaysMatches } = neighbours(pattern);
  return {
    isLocal: false,
    separates: (a, b) => (alwaysMatches(a) || alwaysMatches(b)) && !mayJoin(a, b),
  };
}

/** Test for characters that match, if every match is a single character. */
function singleCharacters(pattern: Pattern): ((character: number) => boolean) | undefined {
  if (pattern.kind === "character") return pattern.of.find;
  return undefined;
}
