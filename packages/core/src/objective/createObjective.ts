import type * as tf from "@tensorflow/tfjs";
import {
  finiteDifferenceHvp,
  hessianVectorProduct,
  valueAndGradients,
} from "../autodiff/gradients.js";
import type { Batch, Model } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { type Params, tensorNamed } from "../params.js";
import { inMicroBatches } from "./byMicroBatches.js";
import { checkpointedObjective } from "./bySegments.js";
import type { LossAndGradients } from "./lossAndGradients.js";

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
  /**
   * Computes gradients and Hessian-vector products segment by segment: memory, besides parameters and
   * gradients, is then that of one of the model's segments, such as a layer, and each is computed once
   * more on the way back.
   *
   * @default false
   */
  readonly gradientCheckpointing?: boolean | undefined;
  /** Compiles the functions. Without one they run as they are. */
  readonly runtime?: Pick<TensorRuntime, "compile" | "compileStages">;
}

/**
 * The objective of a model.
 *
 * @throws MetaError `BAD_OPTION` when `microBatch` is below 1, or for `gradientCheckpointing` of a
 *   model without segments; with `microBatch`, the objective's functions
 *   throw `SHAPE_MISMATCH` for a batch whose tensors do not share their first axis
 */
export function createObjective<B extends Batch>(
  model: Pick<Model<B>, "loss" | "segments">,
  { microBatch, gradientCheckpointing = false, ...options }: ObjectiveOptions = {},
): Objective<B> {
  const atOnce = wholeObjective(model, options);
  const whole = gradientCheckpointing
    ? checkpointedObjective(model, atOnce, options.hvp ?? "exact")
    : atOnce;
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
    linearize: (params, batch, names) => linearized(plain, params, batch, names),
    sharesWork: false,
    compile: (fn) => fn,
  };
  if (!runtime) return plain;
  const known = new Map<unknown, unknown>();
  const compiled = {
    loss: runtime.compile(plain.loss, { name: "loss" }),
    gradient: runtime.compile(plain.gradient, { name: "gradient" }),
    hvp: runtime.compile(plain.hvp, { name: "hvp" }),
  };
  // Finite differences share nothing with the gradient.
  const linearize =
    hvp === "exact" &&
    runtime.compileStages?.(
      (params: Params, batch: B, names?: readonly string[]) => ({
        early: gradient(params, batch, names),
        finish: (vector: Params) => plain.hvp(params, batch, vector),
      }),
      (params, _, names = Object.keys(params)) =>
        Object.fromEntries(names.map((name) => [name, tensorNamed(params, name)])),
      { name: "linearized gradient" },
    );
  return {
    ...compiled,
    linearize(params, batch, names) {
      if (!linearize) return linearized(compiled, params, batch, names);
      const { early, finish, dispose } = linearize(params, batch, names);
      return { ...early, hvp: finish, dispose };
    },
    sharesWork: Boolean(linearize),
    compile<A extends readonly unknown[], R>(fn: (...args: A) => R, name: string) {
      const compiled = (known.get(fn) as typeof fn | undefined) ?? runtime.compile(fn, { name });
      known.set(fn, compiled);
      return compiled;
    },
  };
}

/** A linearization of which nothing is kept. */
export function linearized<B extends Batch>(
  { gradient, hvp }: Pick<Objective<B>, "gradient" | "hvp">,
  params: Params,
  batch: B,
  names?: readonly string[],
): Linearization {
  return {
    ...gradient(params, batch, names),
    hvp: (vector) => hvp(params, batch, vector),
    dispose() {},
  };
}
