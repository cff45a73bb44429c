import type { CharacterClass } from "./characterClass.js";
import type { Pattern } from "./pattern.js";

/** Finds where a pattern matches. */
export interface Matcher {
  /** The end of the match that begins at `start`; -1 for none. Nothing before `start` matters. */
  match(text: string, start: number, end: number): number;
}

/** Continues a match from a place to its end; -1 if that fails. */
type Step = (place: number) => number;

/**
 * A matcher that backtracks as Oniguruma does, but, unlike JavaScript's own, without a stack: a run of a million
 * letters needs no more memory than a word.
 *
 * @param pattern one that matches no empty text
 */
export function matcher(pattern: Pattern): Matcher {
  let text = "";
  let limit = 0;

  const character =
    ({ known, find }: CharacterClass, next: Step): Step =>
    (place) => {
      if (place >= limit) return -1;
      const point = text.charCodeAt(place);
      if ((point & 0xf800) !== 0xd800) {
        const member = known[point];
        return member === 1 || (member === 0 && find(point)) ? next(place + 1) : -1;
      }
      return find(text.codePointAt(place) as number) ? next(place + 2) : -1;
    };
  const repeat = (
    { known, find }: CharacterClass,
    { min, max, isPossessive }: Extract<Pattern, { kind: "repeat" }>,
    next: Step,
  ): Step => {
    return (start) => {
      let place = start;
      let count = 0;
      while (place < limit && count < max) {
        const point = text.charCodeAt(place);
        if ((point & 0xf800) !== 0xd800) {
          const member = known[point];
          if (member === 2 || (member === 0 && !find(point))) break;
          place++;
        } else {
          if (!find(text.codePointAt(place) as number)) break;
          place += 2;
        }
        count++;
      }
      if (isPossessive) return count < min ? -1 : next(place);
      for (; count >= min; count--) {
        const end = next(place);
        if (end !== -1) return end;
        place -= place > start && (text.charCodeAt(place - 1) & 0xf800) === 0xd800 ? 2 : 1;
      }
      return -1;
    };
  };
  const lookahead = (
    { of: { find }, isNegative }: Extract<Pattern, { kind: "lookahead" }>,
    next: Step,
  ): Step => {
    return (place) => {
      const isThere = place < limit && find(text.codePointAt(place) as number);
      return isThere === isNegative ? -1 : next(place);
    };
  };
  const choice = (options: readonly Step[]): Step => {
    return (place) => {
      for (const option of options) {
        const end = option(place);
        if (end !== -1) return end;
      }
      return -1;
    };
  };
  const step = (part: Pattern, next: Step): Step => {
    switch (part.kind) {
      case "character":
        return character(part.of, next);
      case "sequence":
        return part.parts.reduceRight<Step>((after, one) => step(one, after), next);
      case "choice":
        return choice(part.options.map((option) => step(option, next)));
      case "repeat":
        if (part.of.kind === "character") return repeat(part.of.of, part, next);
        return part.min === 1 ? step(part.of, next) : choice([step(part.of, next), next]);
      case "lookahead":
        return lookahead(part, next);
    }
  };

  const whole = byFirstCharacter(pattern, (part) => step(part, (place) => place));
  return {
    match(searched, start, end) {
      text = searched;
      limit = end;
      return whole(searched.charCodeAt(start))(start);
    },
  };
}

/**
 * Skips alternatives that cannot begin with the next character, from a table for ASCII.
 */
function byFirstCharacter(
  pattern: Pattern,
  compile: (part: Pattern) => Step,
): (unit: number) => Step {
  const options = pattern.kind === "choice" ? pattern.options : [pattern];
  const steps = options.map(compile);
  const any = firstOf(steps);
  const table = Array.from({ length: 128 }, (_, unit) =>
    firstOf(steps.filter((_, i) => canBegin(options[i] as Pattern, unit))),
  );
  return (unit) => table[unit] ?? any;
}

function firstOf(steps: readonly Step[]): Step {
  const [first, second] = steps;
  if (!first) return () => -1;
  if (!second) return first;
  return (place) => {
    for (const step of steps) {
      const end = step(place);
      if (end !== -1) return end;
    }
    return -1;
  };
}

/** True for a character that a match may begin with; for every character if a match may be empty. */
function canBegin(pattern: Pattern, point: number): boolean {
  switch (pattern.kind) {
    case "character":
      return pattern.of.find(point);
    case "choice":
      return pattern.options.some((option) => canBegin(option, point));
    case "repeat":
      return pattern.min === 0 || canBegin(pattern.of, point);
    case "lookahead":
      return true;
    case "sequence": {
      for (const part of pattern.parts) {
        if (part.kind === "repeat" && part.min === 0) {
          if (canBegin(part.of, point)) return true;
          continue;
        }
        return canBegin(part, point);
      }
      return true;
    }
  }
}
