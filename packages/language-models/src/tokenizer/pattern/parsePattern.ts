import { MetaError } from "@metalearn/core";
import { characterClass, classEscape, oneOf } from "./characterClass.js";
import type { Pattern } from "./pattern.js";

/**
 * Reads a regular expression of Oniguruma, the engine of Hugging Face's tokenizers, in its Ruby syntax:
 * characters and classes, alternatives, greedy and possessive repetition of characters, optional
 * groups, `(?i:...)` around text, and lookahead at one character.
 *
 * @throws MetaError `BAD_CHECKPOINT` for any other syntax, which it names
 */
export function parsePattern(source: string): Pattern {
  const reader = patternReader(source);
  const pattern = reader.choice(false);
  if (!reader.isAtEnd()) reader.refuse("a closing bracket without an opening one");
  return pattern;
}

function patternReader(source: string) {
  let at = 0;

  const refuse = (what: string): never => {
    throw new MetaError(
      "BAD_CHECKPOINT",
      `The pattern ${JSON.stringify(source)} has ${what} (before character ${at + 1}), which is not implemented.`,
    );
  };
  const take = (text: string): boolean => {
    const isThere = source.startsWith(text, at);
    if (isThere) at += text.length;
    return isThere;
  };
  /** Consumes the match of a sticky expression at the current place. */
  const takeMatch = (expression: RegExp): RegExpExecArray | null => {
    expression.lastIndex = at;
    const found = expression.exec(source);
    if (found) at += found[0].length;
    return found;
  };
  const character = (): string => {
    const point = source.codePointAt(at);
    if (point === undefined) return refuse("an end in the middle");
    const taken = String.fromCodePoint(point);
    at += taken.length;
    return taken;
  };

  /** Reads the rest of `\p{L}` or `\P{L}` after its first two characters. */
  const property = (isNegative: boolean): string => {
    const name = takeMatch(/\{([A-Za-z_]+)\}/y)?.[1];
    if (name === undefined) return refuse("a property without a plain name");
    const known = [name.length <= 2 ? name : undefined, `Script=${name}`].find(
      (value) => value !== undefined && isProperty(value),
    );
    if (known === undefined) return refuse(`\\p{${name}}`);
    return `\\${isNegative ? "P" : "p"}{${known}}`;
  };
  /** Reads the characters after a backslash: the source of a class, and true if it is one character. */
  const escaped = (): { source: string; isOne: boolean } => {
    const name = character();
    if (name === "p" || name === "P") return { source: property(name === "P"), isOne: false };
    const shorthand = shorthands[name];
    if (shorthand) return { source: shorthand, isOne: false };
    const number =
      (name === "x" && takeMatch(/\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2})/y)) ||
      (name === "u" && takeMatch(/([0-9a-fA-F]{4})/y));
    if (number) return { source: `\\u{${number[1] ?? number[2]}}`, isOne: true };
    if (controls.includes(name)) return { source: `\\${name}`, isOne: true };
    if (/[\p{L}\p{N}]/u.test(name)) return refuse(`\\${name}`);
    return { source: classEscape(name), isOne: true };
  };
  const classItem = () =>
    take("\\") ? escaped() : { source: classEscape(character()), isOne: true };
  /** Reads a class after its opening bracket. */
  const characters = (): string => {
    let members = take("^") ? "[^" : "[";
    for (let isFirst = true; isFirst || !take("]"); isFirst = false) {
      if (source[at] === "]") return refuse("an empty class");
      if (source.startsWith("[:", at)) return refuse("a POSIX class");
      if (source.startsWith("&&", at)) return refuse("an intersection of classes");
      if (take("[")) {
        members += characters();
        continue;
      }
      const first = classItem();
      const isRange = source[at] === "-" && source[at + 1] !== "]" && at + 1 < source.length;
      if (!isRange) {
        members += first.source;
        continue;
      }
      at++;
      if (source[at] === "[") return refuse("a range that ends with a class");
      const last = classItem();
      if (!first.isOne || !last.isOne) return refuse("a range between classes");
      members += `${first.source}-${last.source}`;
    }
    return `${members}]`;
  };

  const lookahead = (isNegative: boolean): Pattern => {
    const seen = group(false);
    if (seen.kind !== "character") return refuse("a lookahead at more than one character");
    return { kind: "lookahead", of: seen.of, isNegative };
  };
  /** Reads a group after its opening parenthesis. */
  const group = (ignoreCase: boolean): Pattern => {
    const inside = choice(ignoreCase);
    if (!take(")")) return refuse("a bracket that is not closed");
    return inside;
  };
  const atom = (ignoreCase: boolean): Pattern => {
    if (take("(?:")) return group(ignoreCase);
    if (take("(?i:")) {
      const start = at;
      const inside = group(true);
      // Two letters can be the lower case of one: "ss" of U+1E9E.
      const text = source.slice(start, at - 1);
      if (/ss|st|f[fil]|[^\0-\x7f]/i.test(text)) return refuse("(?i:) around such letters");
      return inside;
    }
    if (take("(?=")) return lookahead(false);
    if (take("(?!")) return lookahead(true);
    if (source.startsWith("(?", at)) return refuse(`a group ${source.slice(at, at + 4)}`);
    if (take("(")) return group(ignoreCase);
    if (source[at] === "[" || source[at] === "\\") {
      const isClass = take("[");
      const { source: members, isOne } = isClass
        ? { source: characters(), isOne: false }
        : classItem();
      if (ignoreCase && !isOne) return refuse("a class within (?i:)");
      return {
        kind: "character",
        of: characterClass(isClass ? members : `[${members}]`, ignoreCase),
      };
    }
    if (/[.^$*+?{]/.test(source[at] ?? "")) return refuse(`an unescaped ${source[at]}`);
    return { kind: "character", of: oneOf(character(), ignoreCase) };
  };
  const counts = (): { min: number; max: number } | undefined => {
    if (take("?")) return { min: 0, max: 1 };
    if (take("*")) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (take("+")) return { min: 1, max: Number.POSITIVE_INFINITY };
    const interval = takeMatch(/\{(\d*)(,?)(\d*)\}/y);
    if (!interval) return undefined;
    const [, low = "", comma, high = ""] = interval;
    if (low === "" && high === "") return refuse("a { that counts nothing");
    const max =
      high === "" ? (comma === "" ? Number(low) : Number.POSITIVE_INFINITY) : Number(high);
    return { min: Number(low), max };
  };
  const repeated = (ignoreCase: boolean): Pattern => {
    const of = atom(ignoreCase);
    const isInterval = source[at] === "{";
    const times = counts();
    if (!times) return of;
    const isPossessive = !isInterval && take("+");
    if (/[?*+{]/.test(source[at] ?? "")) return refuse(`a ${source[at]} after a repetition`);
    if (of.kind !== "character" && (times.max > 1 || isPossessive)) {
      return refuse("a repetition of a group");
    }
    return { kind: "repeat", of, ...times, isPossessive };
  };
  const sequence = (ignoreCase: boolean): Pattern => {
    const parts: Pattern[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      parts.push(repeated(ignoreCase));
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: "sequence", parts };
  };
  const choice = (ignoreCase: boolean): Pattern => {
    const options = [sequence(ignoreCase)];
    while (take("|")) options.push(sequence(ignoreCase));
    const [only] = options;
    return options.length === 1 && only ? only : { kind: "choice", options };
  };
  return { choice, refuse, isAtEnd: () => at === source.length };
}

const controls: readonly string[] = ["r", "n", "t", "f", "v"];

const shorthands: Readonly<Record<string, string>> = {
  s: "\\p{White_Space}",
  S: "\\P{White_Space}",
  d: "\\p{Nd}",
  D: "\\P{Nd}",
};

function isProperty(name: string): boolean {
  try {
    new RegExp(`\\p{${name}}`, "v");
    return true;
  } catch {
    return false;
  }
}
