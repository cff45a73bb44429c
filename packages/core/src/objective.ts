import * as tf from "@tensorflow/tfjs";
import {
  finiteDifferenceHvp,
  hessianVectorProduct,
  valueAndGradients,
} from "./autodiff/gradients.js";
import type { Batch, Model } from "./model.js";
import { meanParams, type Params } from "./params.js";
import type { TensorRuntime } from "./runtime.js";

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
   * A function of tensors that a learner builds from this objective, compiled as one. The same `fn`
   * gives the same compiled function.
   *
   * @param name for messages and profiles
   */
  compiled<A extends readonly unknown[], R>(fn: Build<B, A, R>, name: string): (...args: A) => R;
}

/** A loss and its gradient. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Params;
}

/** The means over parts of equal weight: batches of a query, or tasks of a meta-batch. */
export function meanGradient(parts: readonly LossAndGradients[]): LossAndGradients {
  return {
    loss: tf.mean(tf.stack(parts.map(({ loss }) => loss))) as tf.Scalar,
    gradients: meanParams(parts.map(({ gradients }) => gradients)),
  };
}

/** Options of {@link createObjective}. */
export interface ObjectiveOptions {
  /**
   * `exact` differentiates the gradient once more; `finite-difference` takes two ordinary
   * gradients, for engines or memory that cannot do double backward.
   *
   * @default "exact"
   */
  readonly hvp?: "exact" | "finite-difference";
  /** Compiles the three functions. Without one they run as they are. */
  readonly runtime?: Pick<TensorRuntime, "compile">;
}

/** The objective of a model. */
export function createObjective<B extends Batch>(
  model: Pick<Model<B>, "loss">,
  { hvp = "exact", runtime }: ObjectiveOptions = {},
): Objective<B> {
  const loss = (params: Params, batch: B) => model.loss(params, batch);
  const gradient = (params: Params, batch: B, names?: readonly string[]) => {
    const { value, gradients } = valueAndGradients((p) => loss(p, batch), params, names);
    return { loss: value, gradients };
  };
  const product = hvp === "exact" ? hessianVectorProduct : finiteDifferenceHvp;
  const plain: Objective<B> = {
    loss,
    gradient,
    hvp: (params, batch, vector) => product((p) => loss(p, batch), params, vector),
    compiled:
      (fn) =>
      (...args) =>
        fn(plain, ...args),
  };
  if (!runtime) return plain;
  const known = new Map<unknown, unknown>();
  return {
    loss: runtime.compile(plain.loss, { name: "loss" }),
    gradient: runtime.compile(plain.gradient, { name: "gradient" }),
    hvp: runtime.compile(plain.hvp, { name: "hvp" }),
    compiled<A extends readonly unknown[], R>(fn: Build<B, A, R>, name: string) {
      const compiled = known.get(fn) ?? runtime.compile(plain.compiled(fn, name), { name });
      known.set(fn, compiled);
      return compiled as (...args: A) => R;
    },
  };
}

/** Builds something from an objective and tensors. */
type Build<B extends Batch, A extends readonly unknown[], R> = (
  objective: Objective<B>,
  ...args: A
) => R;
