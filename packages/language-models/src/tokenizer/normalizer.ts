import { MetaError } from "@metalearn/core";
import { z } from "zod";
import { composed, isComposedAlone } from "./unicode.js";

/** Changes texts before they are cut into words. */
export interface Normalizer {
  /**
   * Normalises a text.
   *
   * @param continues true if the text continues another one, so that nothing is put before it
   */
  apply(text: string, continues: boolean): string;
  /**
   * The first and the last code point of a normalised character, if they do not depend on its neighbours; `undefined`
   * if that is not known.
   */
  alone(character: number): readonly [first: number, last: number] | undefined;
}

const component = z.looseObject({ type: z.string() });
const replacement = z.looseObject({
  pattern: z.union([
    z.strictObject({ String: z.string().min(1) }),
    z.strictObject({ Regex: z.string() }),
  ]),
  content: z.string(),
});

/**
 * The normalizer of a `tokenizer.json`.
 *
 * @throws MetaError `BAD_CHECKPOINT` for one that is not implemented, by name
 */
export function normalizer(options: unknown): Normalizer {
  if (options == null) return unchanged;
  const { type } = component.parse(options);
  switch (type) {
    case "Sequence":
      return sequence(
        z
          .looseObject({ normalizers: z.array(z.unknown()) })
          .parse(options)
          .normalizers.map(normalizer),
      );
    case "NFC":
      return normalFormC;
    case "Prepend":
      return prepended(z.looseObject({ prepend: z.string() }).parse(options).prepend);
    case "Replace": {
      const { pattern, content } = replacement.parse(options);
      if ("String" in pattern) return replaced(pattern.String, content);
      break;
    }
  }
  const what = type === "Replace" ? "Replace with a regular expression" : type;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `The tokenizer has the normalizer ${what}; implemented are NFC, Prepend, Replace of a text, and Sequence.`,
  );
}

const unchanged: Normalizer = {
  apply: (text) => text,
  alone: (character) => [character, character],
};

function sequence(steps: readonly Normalizer[]): Normalizer {
  return {
    apply: (text, continues) =>
      steps.reduce((changed, step) => (changed === "" ? "" : step.apply(changed, continues)), text),
    alone: (character) =>
      steps.reduce<readonly [number, number] | undefined>(
        (ends, step) => {
          const [first, last] = [ends?.[0], ends?.[1]];
          if (first === undefined || last === undefined) return undefined;
          const [begun, ended] = [step.alone(first), step.alone(last)];
          return begun && ended && [begun[0], ended[1]];
        },
        [character, character],
      ),
  };
}

function prepended(prefix: string): Normalizer {
  return { ...unchanged, apply: (text, continues) => (continues ? text : prefix + text) };
}

function replaced(pattern: string, content: string): Normalizer {
  const isOne = [...pattern].length === 1;
  const ends = [...content].map((character) => character.codePointAt(0) as number);
  const [first, last] = [ends[0], ends.at(-1)];
  return {
    apply: (text) => text.replaceAll(pattern, () => content),
    alone(character) {
      if (!isOne) return undefined;
      if (character !== pattern.codePointAt(0)) return [character, character];
      return first === undefined || last === undefined ? undefined : [first, last];
    },
  };
}

const normalFormC: Normalizer = {
  apply: composed,
  alone: (character) => (isComposedAlone(character) ? [character, character] : undefined),
};
