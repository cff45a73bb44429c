import type * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { Params } from "../params.js";

/**
 * The loss of a model as an algorithm sees it: a value, a gradient and a Hessian-vector product,
 * each one function that a runtime can compile.
 */
export interface Objective<B extends Batch = Batch> {
  /** Mean loss over the batch. */
  loss(params: Params, batch: B): tf.Scalar;
  /**
   * The loss and its gradient with respect to every tensor of `params`, or to those that `names`
   * lists.
   */
  gradient(params: Params, batch: B, names?: readonly string[]): LossAndGradients;
  /**
   * The Hessian of the loss at `params` times `vector`: for every tensor of `params`. Tensors that
   * `vector` leaves out count as zero.
   */
  hvp(params: Params, batch: B, vector: Params): Params;
  /**
   * The same gradient, and Hessian-vector products at the same `params` from what was computed for
   * it where {@link sharesWork}: what they share takes memory until it is disposed or the `tidy` around
   * the call ends.
   */
  linearize(params: Params, batch: B, names?: readonly string[]): Linearization;
  /** Whether `linearize` costs less than `gradient` and `hvp`: where the runtime compiles both together. */
  readonly sharesWork: boolean;
  /**
   * A function of tensors that needs nothing of this objective, such as an inner update, compiled.
   * The same `fn` gives the same compiled function.
   *
   * @param name for messages and profiles
   */
  compile<A extends readonly unknown[], R>(fn: (...args: A) => R, name: string): (...args: A) => R;
}

/** A gradient and its derivative in any direction. */
export interface Linearization extends LossAndGradients {
  /**
   * The Hessian times `vector`, which has the names of `gradients`: for every tensor of the
   * parameters. These must not be disposed before.
   */
  hvp(vector: Params): Params;
  dispose(): void;
}

/** A loss and its gradient. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Params;
}
