import type { Tokenizer } from "@metalearn/core";
import { type Example, RowProblem } from "../data/example.js";
import { type PromptFormat, promptParts } from "./format.js";
import { type Template, type Templates, templateFor } from "./template.js";

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
   * Finds what would go wrong later, at the cost of a look at the text: only answers with more
   * bytes than the budget has tokens are encoded.
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

  return {
    method: format.method,
    answered({ input, outputs, options }, place) {
      const parts = write({ input, answer: outputs[0], options }, place);
      const cue = tokenizer.encode(parts.cue ?? "");
      const encoded = [tokenizer.encode(parts.input), tokenizer.encode(parts.answer)] as const;
      const room = { task: place.task, budget: budget - cue.length };
      const [kept, answer] = shorten(...encoded, room);
      return order([...kept, ...cue], answer);
    },
    perAnswer({ input, options }, answers, place) {
      const encoded = answers.map((answer) =>
        tokenizer.encode(write({ input, answer, options }, place).answer),
      );
      const longest = Math.max(...encoded.map(({ length }) => length));
      const parts = write({ input, answer: "", options }, place);
      const cue = tokenizer.encode(parts.cue ?? "");
      const kept = keepStart(tokenizer.encode(parts.input), budget - cue.length - longest);
      return encoded.map((answer) => order([...kept, ...cue], answer));
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
        if (bytes <= budget || task.startsWith("inst:")) continue;
        keepStart([], budget - fixed.flatMap((text) => tokenizer.encode(text)).length);
      }
    },
  };
}

function shorten(
  input: number[],
  answer: number[],
  { task, budget }: { task: string; budget: number },
): [number[], number[]] {
  if (input.length + answer.length <= budget) return [input, answer];
  if (task.startsWith("inst:piqa") || task.startsWith("inst:yahoo_answers_topics")) {
    const half = Math.floor((budget + 2) / 2);
    return [input.slice(0, half), answer.slice(0, half - 2)];
  }
  if (task.startsWith("inst:") && input.length < answer.length) {
    return [input, keepStart(answer, budget - input.length)];
  }
  return [keepStart(input, budget - answer.length), answer];
}

function keepStart(tokens: number[], count: number): number[] {
  if (count < 0) {
    throw new RowProblem(
      `the answer is ${-count} tokens too long for "maxExampleTokens": raise that, or shorten the answer`,
    );
  }
  return tokens.slice(0, count);
}
