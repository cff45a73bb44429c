import type { z } from "zod";
import {
  finiteDifferenceHvp,
  hessianVectorProduct,
  valueAndGradients,
} from "../autodiff/gradients.js";
import type { Batch } from "../batch/batch.js";
import type { Model } from "../contracts/model.js";
import type { Objective } from "../contracts/objective.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { type Params, tensorNamed } from "../params.js";
import { parseOptions } from "../plugin/parseOptions.js";
import { inMicroBatches } from "./byMicroBatches.js";
import { inSegments } from "./bySegments.js";
import { type ComputeOptions, computeOptions } from "./computeOptions.js";
import { linearized } from "./linearized.js";

/** Options of {@link createObjective}. */
export interface ObjectiveOptions extends Omit<ComputeOptions, "trainable"> {
  /** Compiles the functions. @default they run uncompiled */
  readonly runtime?: Pick<TensorRuntime, "compile" | "compileStages">;
}

/**
 * Makes the objective of a model: its loss with gradient and Hessian-vector product, which learners call.
 *
 * By default, derivatives of whole batches are computed by differentiating `model.loss`
 * (`valueAndGradients`, `hessianVectorProduct`), compiled if there is a `runtime`. With
 * `gradientCheckpointing` they are computed from `model.segments`, one after the other, keeping only the
 * states between segments. With `microBatch`, batches are cut along their first axis, and the parts' losses
 * and derivatives are added up. Results are the same up to rounding; `hvp: "finite-difference"` alone is an
 * approximation.
 *
 * @throws MetaError `BAD_OPTION` for options out of range, or `gradientCheckpointing` of a model without
 *   segments; with `microBatch`, the objective's functions throw `SHAPE_MISMATCH` for a batch whose
 *   tensors do not share their first axis
 */
export function createObjective<B extends Batch>(
  model: Pick<Model<B>, "loss" | "segments">,
  options: ObjectiveOptions = {},
): Objective<B> {
  const { microBatch, gradientCheckpointing, hvp } = parseOptions(computeOptions, options);
  const atOnce = wholeObjective(model, hvp, options.runtime);
  const whole = gradientCheckpointing ? inSegments(model, atOnce, hvp) : atOnce;
  return microBatch === undefined ? whole : inMicroBatches(whole, microBatch);
}

/** Makes the objective that differentiates `model.loss` over whole batches. */
function wholeObjective<B extends Batch>(
  model: Pick<Model<B>, "loss">,
  hvp: z.output<typeof computeOptions>["hvp"],
  runtime: ObjectiveOptions["runtime"],
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
  // Finite differences share no work with the gradient.
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
