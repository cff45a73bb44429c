import { MetaError } from "@metalearn/core";
import { z } from "zod";
import { characterClass, oneOf } from "./pattern/characterClass.js";
import { parsePattern } from "./pattern/parsePattern.js";
import { matchesEmpty, type Pattern } from "./pattern/pattern.js";
import { wordPatterns } from "./preTokenizerPatterns.js";
import { type Splitter, splitter, type Visit } from "./splitter.js";

/** Cuts texts into words, which a model encodes one by one. */
export interface PreTokenizer {
  /** True if words are read as the bytes of UTF-8. */
  readonly byteLevel: boolean;
  /** Prepares a text for cutting: puts a space before it, or replaces spaces, as the steps require. */
  prepare(text: string, place: TextPlace): string;
  /** The code point by which {@link prepare} replaces a character. */
  replace(character: number): number;
  /**
   * Cuts a prepared text, in order, until `visit` asks to stop.
   *
   * @returns true if it was stopped
   */
  split(text: string, visit: Visit): boolean;
  /**
   * True if every prepared text has a border between these characters, and the words of both sides are those of each
   * side alone; `undefined` if the border may be within a word, where the model decides.
   */
  separates(left: number, right: number): boolean | undefined;
}

/** Position of a text in a longer one. */
interface TextPlace {
  /** True if it continues the text before it, so that nothing is put before it. */
  readonly continues: boolean;
  /** True if nothing precedes it, not even an added token. */
  readonly isFirst: boolean;
}

/** One of the steps of a pre-tokenizer. */
interface Step {
  readonly byteLevel?: boolean;
  readonly splitter?: Splitter;
  readonly prefix?: { readonly text: string; readonly isForFirstOnly: boolean };
  /** Character that replaces spaces. */
  readonly space?: string;
}

/**
 * The pre-tokenizer of a `tokenizer.json`.
 *
 * @throws MetaError `BAD_CHECKPOINT` for one that is not implemented, by name
 */
export function preTokenizer(options: unknown): PreTokenizer {
  const steps = stepsOf(options);
  steps.forEach((step, i) => {
    if (steps[i - 1]?.byteLevel) throw refused("a pre-tokenizer after ByteLevel");
    if (i > 0 && step.prefix) throw refused("a space before each word of another pre-tokenizer");
    if (steps.length > 1 && step.space) throw refused("Metaspace together with others");
  });
  const splitters = steps.flatMap(({ splitter }) => (splitter ? [splitter] : []));
  const { prefix, space } = steps[0] ?? {};
  const from = " ".codePointAt(0);
  const to = space?.codePointAt(0);

  const split = (
    text: string,
    start: number,
    end: number,
    level: number,
    visit: Visit,
  ): boolean => {
    const splitter = splitters[level];
    if (!splitter) return visit(start, end);
    const isLast = level === splitters.length - 1;
    const goOn: Visit = (from, to) => split(text, from, to, level + 1, visit);
    return splitter.split(text, start, end, isLast ? visit : goOn);
  };
  return {
    byteLevel: steps.some(({ byteLevel }) => byteLevel === true),
    prepare(text, { continues, isFirst }) {
      const written = space === undefined ? text : text.replaceAll(" ", space);
      if (!prefix || continues || (prefix.isForFirstOnly && !isFirst)) return written;
      return written.startsWith(prefix.text) ? written : prefix.text + written;
    },
    replace: (character) => (character === from && to !== undefined ? to : character),
    split: (text, visit) => split(text, 0, text.length, 0, visit),
    separates(left, right) {
      for (const { separates, isLocal } of splitters) {
        if (separates(left, right)) return true;
        if (!isLocal) return false;
      }
      return undefined;
    },
  };
}

const component = z.looseObject({ type: z.string() });

const schemas = {
  ByteLevel: z.looseObject({
    add_prefix_space: z.boolean().default(true),
    use_regex: z.boolean().default(true),
  }),
  Digits: z.looseObject({ individual_digits: z.boolean().default(false) }),
  Metaspace: z.looseObject({
    replacement: z.string().regex(/^.$/u),
    prepend_scheme: z.enum(["always", "first", "never"]).default("always"),
    add_prefix_space: z.boolean().nullish(),
    split: z.boolean().nullish(),
  }),
  Sequence: z.looseObject({ pretokenizers: z.array(z.unknown()) }),
  Split: z.looseObject({
    pattern: z.union([
      z.strictObject({ String: z.string() }),
      z.strictObject({ Regex: z.string() }),
    ]),
    behavior: z.enum(["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"]),
    invert: z.boolean().default(false),
  }),
};

function stepsOf(options: unknown): Step[] {
  if (options == null) return [];
  const { type } = component.parse(options);
  switch (type) {
    case "Sequence":
      return schemas.Sequence.parse(options).pretokenizers.flatMap(stepsOf);
    case "ByteLevel": {
      const { add_prefix_space, use_regex } = schemas.ByteLevel.parse(options);
      return [
        {
          byteLevel: true,
          ...(add_prefix_space && { prefix: { text: " ", isForFirstOnly: false } }),
          ...(use_regex && { splitter: splitter(parsePattern(wordPatterns.gpt2), "Isolated") }),
        },
      ];
    }
    case "Digits": {
      const { individual_digits } = schemas.Digits.parse(options);
      const digit: Pattern = { kind: "character", of: characterClass("[\\p{N}]") };
      return [{ splitter: splitter(digit, individual_digits ? "Isolated" : "Contiguous") }];
    }
    case "Split": {
      const { pattern, behavior, invert } = schemas.Split.parse(options);
      const parsed = "String" in pattern ? literal(pattern.String) : parsePattern(pattern.Regex);
      if (matchesEmpty(parsed)) throw refused("a pattern that matches no text at all");
      return [{ splitter: splitter(parsed, behavior, invert) }];
    }
    case "Metaspace":
      return [metaspace(schemas.Metaspace.parse(options))];
  }
  throw refused(`the pre-tokenizer ${type}`);
}

function metaspace(options: z.infer<typeof schemas.Metaspace>): Step {
  const { replacement, prepend_scheme: scheme, add_prefix_space, split } = options;
  if (add_prefix_space === false && scheme !== "never") {
    throw refused(`Metaspace without a prefix but with prepend_scheme "${scheme}"`);
  }
  return {
    space: replacement,
    ...(scheme !== "never" && {
      prefix: { text: replacement, isForFirstOnly: scheme === "first" },
    }),
    ...(split !== false && { splitter: splitter(literal(replacement), "MergedWithNext") }),
  };
}

function literal(text: string): Pattern {
  const parts = Array.from(
    text,
    (character): Pattern => ({
      kind: "character",
      of: oneOf(character),
    }),
  );
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: "sequence", parts };
}

function refused(what: string): MetaError {
  return new MetaError(
    "BAD_CHECKPOINT",
    `The tokenizer has ${what}, which is not implemented; implemented are ByteLevel, Digits, Split, and Sequences of them, and Metaspace.`,
  );
}
