import { encodeStart, type Tokenizer, type TokensKept } from "@metalearn/core";
import { type Example, RowProblem } from "../data/example.js";
import type { PromptFormat, Templates } from "../options.js";
import { promptParts } from "./format.js";
import { type Template, templateFor } from "./template.js";

/** Token ids, in an array or a typed array. */
export type TokenIds = ArrayLike<number>;

/** One example as tokens. */
export interface ExampleTokens {
  /** First part, which is only read: the input (direct) or the answer (channel). */
  readonly conditioning: TokenIds;
  /** Second part, which is scored where the example ends a sequence. */
  readonly scored: TokenIds;
  /** Counts the tokens of its input, where it was cut. */
  readonly cut?: () => TokensKept;
}

/** Task and position of an example. */
interface ExamplePlace {
  /** Name of its task: MetaICL shortens tasks with an instruction, `inst:...`, differently. */
  readonly task: string;
  /** True at the beginning of the sequence. */
  readonly first: boolean;
}

/** Later use of an example. */
interface ExampleUse {
  readonly task: string;
  /** Answers that it will be encoded with. */
  readonly answers: readonly string[];
  /** True if it will end a sequence, where it is scored; false for a demonstration. */
  readonly isScored: boolean;
}

/** Options of an encoder. */
export interface EncoderOptions {
  readonly tokenizer: Tokenizer;
  readonly format: PromptFormat;
  /** Instruction templates; tasks that have one use it instead of `format.style`. */
  readonly template?: Templates | undefined;
  /** Limit for one example in tokens; 2 of them stay free, as in MetaICL. */
  readonly maxExampleTokens: number;
}

/** Converts examples to tokens. */
export interface ExampleEncoder {
  readonly method: PromptFormat["method"];
  /**
   * Encodes a demonstration or a training example: the first acceptable answer, and the beginning of the
   * input as far as it fits.
   *
   * @throws RowProblem when the answer alone does not fit
   */
  answered(example: Example, place: ExamplePlace): ExampleTokens;
  /**
   * Encodes a question: the example with each of some answers, usually its options. The longest answer
   * decides for all of them how much of the input is kept.
   *
   * @throws RowProblem when an answer alone does not fit
   */
  perAnswer(
    example: Pick<Example, "input" | "options">,
    answers: readonly string[],
    place: ExamplePlace,
  ): ExampleTokens[];
  /**
   * Encodes the text before a free-form answer, with as much of the input's beginning as fits, and the newline that
   * separates the answer. A space before the answer belongs to its first token, and is left out. Nothing is scored.
   */
  unanswered(example: Pick<Example, "input" | "options">, place: ExamplePlace): ExampleTokens;
  /**
   * Finds errors that encoding would raise later, without encoding most texts: only answers whose length in
   * bytes allows more tokens than the limit are encoded.
   *
   * @throws RowProblem when an answer does not fit, or leaves nothing to score
   */
  check(example: Example, use: ExampleUse): void;
}

/**
 * Encoder that tokenizes input and answer separately, never the joined text, so that the border between read
 * and scored parts is a border between tokens.
 *
 * Source: Min et al. 2022, published code (`metaicl/data.py`).
 */
export function exampleEncoder({
  tokenizer,
  format,
  template,
  maxExampleTokens,
}: EncoderOptions): ExampleEncoder {
  const budget = maxExampleTokens - 2;
  const templateOf = templateFor(template, format.method);
  const write = (example: Parameters<Template>[0], { task, first }: ExamplePlace) =>
    templateOf(task)?.(example, first) ?? promptParts(format, example, first);
  const order = (
    input: TokenIds,
    answer: TokenIds,
    cut: ReturnType<typeof cutOf>,
  ): ExampleTokens =>
    format.method === "direct"
      ? { conditioning: input, scored: answer, ...cut }
      : { conditioning: answer, scored: input, ...cut };

  /** Encodes slightly more of a text than can fit into an example, so that an excess is noticed. */
  const encode = (text: string) => encodeStart(tokenizer, text, maxExampleTokens);
  const lengthOf = (text: string) => tokenizer.encode(text).length;
  const cutOf = (text: string, encoded: TokenIds, { length: kept }: TokenIds) => {
    if (kept === encoded.length) return undefined;
    return { cut: once(() => ({ kept, of: encodeStart(tokenizer, text, mostCounted).length })) };
  };

  return {
    method: format.method,
    answered({ input, outputs, options }, place) {
      const parts = write({ input, answer: outputs[0], options }, place);
      const cue = tokenizer.encode(parts.cue ?? "");
      const room = { task: place.task, budget: budget - cue.length };
      const whole = encode(parts.input);
      const [kept, answer] = shorten(whole, encode(parts.answer), room, (part) =>
        lengthOf(parts[part]),
      );
      return order([...kept, ...cue], answer, cutOf(parts.input, whole, kept));
    },
    perAnswer({ input, options }, answers, place) {
      const texts = answers.map((answer) => write({ input, answer, options }, place).answer);
      const encoded = texts.map(encode);
      const longest = Math.max(...encoded.map(({ length }) => length));
      const parts = write({ input, answer: "", options }, place);
      const cue = tokenizer.encode(parts.cue ?? "");
      const room = budget - cue.length;
      const whole = encode(parts.input);
      const excess = () => Math.max(...texts.map(lengthOf)) - room;
      const kept = keepStart(whole, room - longest, excess);
      const cut = cutOf(parts.input, whole, kept);
      return encoded.map((answer) => order([...kept, ...cue], answer, cut));
    },
    unanswered({ input, options }, place) {
      const parts = write({ input, answer: "", options }, place);
      const cue = tokenizer.encode((parts.cue ?? "") + parts.answer.replace(/ +$/, ""));
      const whole = encode(parts.input);
      const kept = whole.slice(0, Math.max(0, budget - cue.length));
      return { conditioning: [...kept, ...cue], scored: [], ...cutOf(parts.input, whole, kept) };
    },
    check({ input, options }, { task, answers, isScored }) {
      for (const answer of answers) {
        const parts = write({ input, answer, options }, { task, first: false });
        if (isScored && (format.method === "direct" ? parts.answer : parts.input) === "") {
          const what = format.method === "direct" ? "output" : "input";
          throw new RowProblem(
            `an empty ${what} leaves nothing to score (method ${format.method})`,
          );
        }
        const fixed = [parts.cue ?? "", parts.answer];
        const bytes = fixed.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        if (mostTokens(bytes) <= budget || task.startsWith("inst:")) continue;
        const sum = (count: (text: string) => number) => fixed.map(count).reduce((a, b) => a + b);
        keepStart([], budget - sum((text) => encode(text).length), () => sum(lengthOf) - budget);
      }
    },
  };
}

/** Most tokens of a cut text that are counted, so that one of any length takes a bounded time. */
const mostCounted = 100_000;

function once<T>(compute: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => {
    result ??= { value: compute() };
    return result.value;
  };
}

/**
 * Upper bound on the tokens of texts with this many bytes: one per byte, three because normalisation may triple bytes,
 * and one for a space put before each text.
 */
function mostTokens(bytes: number): number {
  return 3 * bytes + 2;
}

/**
 * Shortens input and answer so that they fit together.
 *
 * @param input may be cut at its end, as long as it is longer than the limit; so may the answer
 * @param lengthOf full length of either, for a message
 */
function shorten(
  input: number[],
  answer: number[],
  { task, budget }: { task: string; budget: number },
  lengthOf: (part: "input" | "answer") => number,
): [number[], number[]] {
  if (input.length + answer.length <= budget) return [input, answer];
  if (task.startsWith("inst:piqa") || task.startsWith("inst:yahoo_answers_topics")) {
    const half = Math.floor((budget + 2) / 2);
    return [input.slice(0, half), answer.slice(0, half - 2)];
  }
  const excess = (part: "input" | "answer") => () => lengthOf(part) - budget;
  if (task.startsWith("inst:") && input.length < answer.length) {
    return [input, keepStart(answer, budget - input.length, excess("input"))];
  }
  return [keepStart(input, budget - answer.length, excess("answer")), answer];
}

/**
 * Keeps the first `count` tokens.
 *
 * @param excess number of tokens too many, for the error when `count` is below 0
 */
function keepStart(tokens: number[], count: number, excess: () => number): number[] {
  if (count < 0) {
    throw new RowProblem(
      `the answer is ${excess()} tokens too long for "maxExampleTokens": raise that, or shorten the answer`,
    );
  }
  return tokens.slice(0, count);
}
