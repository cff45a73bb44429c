import type * as tf from "@tensorflow/tfjs";
import {
  finiteDifferenceHvp,
  hessianVectorProduct,
  valueAndGradients,
} from "./autodiff/gradients.js";
import type { LossAndGradients } from "./lossAndGradients.js";
import { inMicroBatches } from "./microBatches.js";
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
  gradient(params: Params, batch: B, names?: readonly string[]): LossAndGradients;
  /**
   * The Hessian of the loss at `params` times `vector`: for every tensor of `params`. Tensors that
   * `vector` leaves out count as zero.
   */
  hvp(params: Params, batch: B, vector: Params): Params;
  /**
   * A function of tensors that needs nothing of this objective, such as an inner update, compiled.
   * The same `fn` gives the same compiled function.
   *
   * @param name for messages and profiles
   */
  compile<A extends readonly unknown[], R>(fn: (...args: A) => R, name: string): (...args: A) => R;
  /**
   * A function of tensors that a learner builds from this objective, compiled as one; with
   * {@link ObjectiveOptions.microBatch} it runs as it is, and its parts are compiled. The same `fn`
   * gives the same compiled function.
   *
   * @param name for messages and profiles
   */
  compiled<A extends readonly unknown[], R>(fn: Build<B, A, R>, name: string): (...args: A) => R;
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
  /**
   * The most examples of a batch that are computed at once. The results are those of the whole batch,
   * and memory, besides parameters and gradients, is what so many examples need.
   *
   * @default all
   */
  readonly microBatch?: number | undefined;
  /** Compiles the functions. Without one they run as they are. */
  readonly runtime?: Pick<TensorRuntime, "compile">;
}

/**
 * The objective of a model.
 *
 * @throws MetaError `BAD_OPTION` when `microBatch` is below 1; with it, the objective's functions
 *   throw `SHAPE_MISMATCH` for a batch whose tensors do not share their first axis
 */
export function createObjective<B extends Batch>(
  model: Pick<Model<B>, "loss">,
  { microBatch, ...options }: ObjectiveOptions = {},
): Objective<B> {
  const whole = wholeObjective(model, options);
  return microBatch === undefined ? whole : inMicroBatches(whole, microBatch);
}

/** The objective that takes batches as they come. */
function wholeObjective<B extends Batch>(
  model: Pick<Model<B>, "loss">,
  { hvp = "exact", runtime }: Omit<ObjectiveOptions, "microBatch">,
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
    compile: (fn) => fn,
    compiled:
      (fn) =>
      (...args) =>
        fn(plain, ...args),
  };
  if (!runtime) return plain;
  const known = new Map<unknown, unknown>();
  const once = <F extends (...args: never[]) => unknown>(key: unknown, fn: F, name: string): F => {
    const compiled = known.get(key) ?? runtime.compile(fn, { name });
    known.set(key, compiled);
    return compiled as F;
  };
  return {
    loss: runtime.compile(plain.loss, { name: "loss" }),
    gradient: runtime.compile(plain.gradient, { name: "gradient" }),
    hvp: runtime.compile(plain.hvp, { name: "hvp" }),
    compile: (fn, name) => once(fn, fn, name),
    compiled: (fn, name) => once(fn, plain.compiled(fn, name), name),
  };
}

/** Builds something from an objective and tensors. */
type Build<B extends Batch, A extends readonly unknown[], R> = (
  objective: Objective<B>,
  ...args: A
) => R;
