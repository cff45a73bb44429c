import { writeFileSync } from "node:fs";
import { randomFor } from "@metalearn/core";

/** Tokens and settings that both sides compute with once, before they are measured. */
export interface CheckInputs {
  readonly support: readonly number[];
  readonly query: readonly number[];
  /** Demonstrations that the options share. */
  readonly prefix: readonly number[];
  readonly suffixes: readonly (readonly number[])[];
  /** Number of scored tokens at the end of each sequence. */
  readonly scored: number;
  /**
   * Of the inner AdamW. With the usual epsilon of 1e-8 its first step divides gradients by themselves, so that
   * rounding alone decides the second-order part; with these that part is several percent of the meta-gradient.
   */
  readonly learningRate: number;
  readonly epsilon: number;
}

/** Writes random tokens of one length, the same ones every time. */
export function writeCheckInputs(vocabularySize: number, path: string): void {
  const random = randomFor("bench check");
  const tokens = (count: number) =>
    Array.from({ length: count }, () => random.integer(vocabularySize));
  const [time, suffix] = [256, 15];
  const inputs: CheckInputs = {
    support: tokens(time),
    query: tokens(time),
    prefix: tokens(time - suffix),
    suffixes: Array.from({ length: 16 }, () => tokens(suffix)),
    scored: 8,
    learningRate: 1e-3,
    epsilon: 1e-3,
  };
  writeFileSync(path, JSON.stringify(inputs));
}
