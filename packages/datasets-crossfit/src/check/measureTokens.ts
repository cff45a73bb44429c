import { mean, randomFor } from "@metalearn/core";
import type { Example } from "../data/example.js";
import { type EncoderOptions, exampleEncoder } from "../prompt/exampleEncoder.js";

/** Lengths of a task's examples, in tokens, before anything is cut. */
export interface TokenMeasures {
  readonly meanTokens: number;
  /** Share of examples that lose a part. */
  readonly cutExamples: number;
  /** Length of each measured example as it is used: cut to the limit. */
  readonly lengths: readonly number[];
}

/** Number of rows of a task to measure, the same ones every time. */
const sampleSize = 1_000;

/** Measures a sample of a task's rows, or all of them where there are few. */
export function measureTokens(
  examples: readonly Example[],
  { task, encoding, asked = false }: { task: string; encoding: EncoderOptions; asked?: boolean },
): TokenMeasures {
  // No limit; the 2 tokens that always stay free do not matter here.
  const encoder = exampleEncoder({ ...encoding, maxExampleTokens: Number.MAX_SAFE_INTEGER });
  const budget = encoding.maxExampleTokens - 2;
  const size = ({
    conditioning,
    scored,
  }: {
    conditioning: ArrayLike<number>;
    scored: ArrayLike<number>;
  }) => conditioning.length + scored.length;
  const chosen =
    examples.length <= sampleSize
      ? examples
      : randomFor("measured rows", task).sample(examples, sampleSize);
  const full = chosen.map((example) => {
    const place = { task, first: false };
    const parts =
      asked && example.options.length > 0
        ? encoder.perAnswer(example, example.options, place)
        : [encoder.answered(example, place)];
    return Math.max(...parts.map(size));
  });
  return {
    meanTokens: mean(full),
    cutExamples: full.filter((length) => length > budget).length / full.length,
    lengths: full.map((length) => Math.min(length, budget)),
  };
}
