import type * as tf from "@tensorflow/tfjs";
import {
  finiteDifferenceHvp,
  hessianVectorProduct,
  valueAndGradients,
} from "./autodiff/gradients.js";
import type { Batch, Model } from "./model.js";
import type { Params } from "./params.js";
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
  gradient(
    params: Params,
    batch: B,
    names?: readonly string[],
  ): { loss: tf.Scalar; gradients: Params };
  /**
   * The Hessian of the loss at `params` times `vector`: for every tensor of `params`. Tensors that
   * `vector` leaves out count as zero.
   */
  hvp(params: Params, batch: B, vector: Params): Params;
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
  model: Model<B>,
  { hvp = "exact", runtime }: ObjectiveOptions = {},
): Objective<B> {
  const loss = (params: Params, batch: B) => model.loss(params, batch);
  const gradient = (params: Params, batch: B, names?: readonly string[]) => {
    const { value, gradients } = valueAndGradients((p) => loss(p, batch), params, names);
    return { loss: value, gradients };
  };
  const product = hvp === "exact" ? hessianVectorProduct : finiteDifferenceHvp;
  const functions = {
    loss,
    gradient,
    hvp: (params: Params, batch: B, vector: Params) =>
      product((p) => loss(p, batch), params, vector),
  };
  if (!runtime) return functions;
  return {
    loss: runtime.compile(functions.loss, { name: "loss" }),
    gradient: runtime.compile(functions.gradient, { name: "gradient" }),
    hvp: runtime.compile(functions.hvp, { name: "hvp" }),
  };
}
