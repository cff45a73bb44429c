import type * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { Params } from "../params.js";

/**
 * The loss of a model as algorithms see it: its value, gradient and Hessian-vector product, each one
 * function that a runtime can compile.
 */
export interface Objective<B extends Batch = Batch> {
  /** Mean loss over the batch. */
  loss(params: Params, batch: B): tf.Scalar;
  /**
   * Computes the loss and its gradient with respect to every tensor of `params`, or to the tensors that
   * `names` lists.
   */
  gradient(params: Params, batch: B, names?: readonly string[]): LossAndGradients;
  /**
   * Multiplies the Hessian of the loss at `params` by `vector`. The product has every name of `params`;
   * names that `vector` lacks count as zero.
   */
  hvp(params: Params, batch: B, vector: Params): Params;
  /**
   * Computes the gradient and prepares Hessian-vector products at the same `params`. With
   * {@link sharesWork} the products reuse intermediate results of the gradient, which take memory until
   * the linearization is disposed or the surrounding `tidy` ends.
   */
  linearize(params: Params, batch: B, names?: readonly string[]): Linearization;
  /** True if `linearize` costs less than `gradient` and `hvp`: the runtime compiles both together. */
  readonly sharesWork: boolean;
  /**
   * Compiles a function of tensors that is independent of this objective, such as an inner update. The
   * same `fn` gives the same compiled function.
   *
   * @param name for messages and profiles
   */
  compile<A extends readonly unknown[], R>(fn: (...args: A) => R, name: string): (...args: A) => R;
}

/** A gradient at a point, and Hessian-vector products at the same point. */
export interface Linearization extends LossAndGradients {
  /**
   * Multiplies the Hessian by `vector`, which has the names of `gradients`. The product has every name of
   * the parameters, which must not be disposed before.
   */
  hvp(vector: Params): Params;
  dispose(): void;
}

/** A loss and its gradient, by parameter name. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Params;
}
