import type { ExampleBatch, Random } from "@metalearn/core";

/** One example: inputs, and numbers or the class that belongs to them. */
interface Example {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** A distribution over tasks. */
export interface TaskDistribution {
  readonly name: string;
  /** Draws a task: a function that draws example number `i` of a batch. */
  task(random: Random): (i: number, random: Random) => Example;
  /** Joins examples. The caller owns the tensors. */
  batch(examples: readonly Example[]): ExampleBatch;
}
