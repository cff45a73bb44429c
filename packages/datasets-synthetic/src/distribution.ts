import type { ExampleBatch, Random } from "@metalearn/core";

/** One example: inputs, and its target numbers or class. */
interface Example {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Place of a task in the stream of episodes. */
interface Turn {
  readonly episode: number;
  readonly isOther: boolean;
}

/** A distribution over tasks. */
export interface TaskDistribution {
  readonly name: string;
  /**
   * Draws a task: a function that draws example number `i` of a batch.
   *
   * @param turn number of the episode, from 0, for its own task or for another one that its queries come from:
   *   for distributions whose tasks come in turn
   */
  task(random: Random, turn: Turn): (i: number, random: Random) => Example;
  /** Stacks examples to a batch. The caller owns the tensors. */
  batch(examples: readonly Example[]): ExampleBatch;
}
