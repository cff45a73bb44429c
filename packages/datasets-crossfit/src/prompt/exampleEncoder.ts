import { encodeStart, type Tokenizer } from "@metalearn/core";
import { type Example, RowProblem } from "../data/example.js";
import type { PromptFormat, Templates } from "../options.js";
import { promptParts } from "./format.js";
import { type Template, templateFor } from "./template.js";

/** Token ids, in an array or a typed array. */
export type TokenIds = ArrayLike<number>;

/** One example as tokens. */
export interface ExampleTokens {
  /** What comes first and is only read: the input (direct) or the answer (channel). */
  readonly conditioning: TokenIds;
  /** What comes after it, and is scored where the example ends a sequence. */
  readonly scored: TokenIds;
}

/** Where an example stands and comes from. */
interface ExamplePlace {
  /** Its task: MetaICL shortens tasks with an instruction, `inst:...`, in other ways. */
  readonly task: string;
  /** Whether nothing comes before it in the sequence. */
  readonly first: boolean;
}

/** What an example will be used for. */
interface ExampleUse {
  readonly task: string;
  /** The answers that it will be encoded with. */
  readonly answers: readonly string[];
  /** Whether it will end a sequence, where it is scored, or only be a demonstration. */
  readonly isScored: boolean;
}

/** What an encoder is made of. */
export interface EncoderOptions {
  readonly tokenizer: Tokenizer;
  readonly format: PromptFormat;
  /** Instructions; tasks that have one are written by it instead of by `format.style`. */
  readonly template?: Templates | undefined;
  /** Room for one example, of which 2 tokens stay free, as MetaICL leaves them. */
  readonly maxExampleTokens: number;
}

/** Turns examples into tokens. */
export interface ExampleEncoder {
  readonly method: PromptFormat["method"];
  /**
   * A demonstration or a training example: the first acceptable answer, and as much of the input's
   * beginning as fits beside it.
   *
   * @throws RowProblem when the answer alone does not fit
   */
  answered(example: Example, place: ExamplePlace): ExampleTokens;
  /**
   * A question: the example with each of some answers, mostly its options. The longest one decides for
   * all of them how much of the input is kept.
   *
   * @throws RowProblem when an answer alone does not fit
   */
  perAnswer(
    example: Pick<Example, "input" | "options">,
    answers: readonly string[],
    place: ExamplePlace,
  ): ExampleTokens[];
  /**
   * What stands before a free-form answer, with as much of the input's beginning as fits; also the newline that
   * separates the answer. A space before it belongs to the answer's first token, and is left out.
   */
  unanswered(example: Pick<Example, "input" | "options">, place: ExamplePlace): TokenIds;
  /**
   * Finds what would go wrong later, at the cost of a look at the text: only answers that might have more
   * tokens than the budget are encoded.
   *
   * @throws RowProblem when an answer does not fit, or leaves nothing to score
   */
  check(example: Example, use: ExampleUse): void;
}

/**
 * Input and answer are encoded apart, never the joined text, so that the border between what is
 * read and what is scored is a border between tokens.
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
  const order = (input: TokenIds, answer: TokenIds): ExampleTokens =>
    format.method === "direct"
      ? { conditioning: input, scored: answer }
      : { conditioning: answer, scored: input };

  /** What of a text can fit into an example, and a little more, so that it shows when it does not. */
  const encode = (text: string) => encodeStart(tokenizer, text, maxExampleTokens);
  const lengthOf = (text: string) => tokenizer.encode(text).length;

  return {
    method: format.method,
    answered({ input, outputs, options }, place) {
      const parts = write({ input, answer: outputs[0], options }, place);
      const cue = tokenizer.encode(parts.cue ?? "");
      const room = { task: place.task, budget: budget - cue.length };
      const [kept, answer] = shorten(encode(parts.input), encode(parts.answer), room, (part) =>
        lengthOf(parts[part]),
      );
      return order([...kept, ...cue], answer);
    },
    perAnswer({ input, options }, answers, place) {
      const texts = answers.map((answer) => write({ input, answer, options }, place).answer);
      const encoded = texts.map(encode);
      const longest = Math.max(...encoded.map(({ length }) => length));
      const parts = write({ input, answer: "", options }, place);
      const cue = tokenizer.encode(parts.cue ?? "");
      const room = budget - cue.length;
      const kept = keepStart(
        encode(parts.input),
        room - longest,
        () => Math.max(...texts.map(lengthOf)) - room,
      );
      return encoded.map((answer) => order([...kept, ...cue], answer));
    },
    unanswered({ input, options }, place) {
      const parts = write({ input, answer: "", options }, place);
      const cue = tokenizer.encode((parts.cue ?? "") + parts.answer.replace(/ +$/, ""));
      return [...encode(parts.input).slice(0, Math.max(0, budget - cue.length)), ...cue];
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

/**
 * The most tokens that texts of so many bytes can have: one for each byte, of which normalisation may make
 * three, and one for a space that is put before each text.
 */
function mostTokens(bytes: number): number {
  return 3 * bytes + 2;
}

/**
 * Input and answer, shortened to what fits together.
 *
 * @param input its beginning will do, as long as it is more than fits; so it will of the answer
 * @param lengthOf the length of either in full, for a message
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

/** @param excess how much is too much, where `count` is less than 0 */
function keepStart(tokens: number[], count: number, excess: () => number): number[] {
  if (count < 0) {
    throw new RowProblem(
      `the answer is ${excess()} tokens too long for "maxExampleTokens": raise that, or shorten the answer`,
    );
  }
  return tokens.slice(0, count);
}
