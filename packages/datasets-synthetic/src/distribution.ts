import type { ExampleBatch, Random } from "@metalearn/core";

/** One example: inputs, and its target numbers or class. */
interface Example {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** A distribution over tasks. */
export interface TaskDistribution {
  readonly name: string;
  /** Draws a task: a function that draws example number `i` of a batch. */
  task(random: Random): (i: number, random: Random) => Example;
  /** Stacks examples to a batch. The caller owns the tensors. */
  batch(examples: readonly Example[]): ExampleBatch;
}
