import type { Linearization, LossAndGradients, Params } from "@metalearn/core";

/** Objective of an inner loop. `B` is the data of one step: a batch, or several. */
export interface InnerObjective<B> {
  gradient(params: Params, batch: B, names: readonly string[]): Pick<LossAndGradients, "gradients">;
  hvp(params: Params, batch: B, vector: Params): Params;
  /** True if `linearize` costs less than `gradient` and `hvp`. */
  readonly sharesWork?: boolean;
  /** Computes the gradient, and prepares Hessian-vector products at the same parameters. */
  linearize?(params: Params, batch: B, names: readonly string[]): SupportLinearization;
}

/** A support gradient, and Hessian-vector products of the support loss at the same parameters. */
export type SupportLinearization = Pick<Linearization, "gradients" | "hvp" | "dispose">;

/** The support gradient of an inner step. */
interface SupportGradient {
  readonly gradients: Params;
  /** True if the gradient can be freed after the step. */
  readonly isTransient: boolean;
  /** Gives the gradient and its Hessian-vector products on the backward pass; absent if there is none. */
  readonly linearize?: () => SupportLinearization;
}

/**
 * Computes the support gradient of an inner step at `params`, and chooses what to keep for the backward pass, which
 * needs a Hessian-vector product at the same point: nothing, the gradient, or intermediate results.
 */
export type StepPolicy = <B>(
  objective: InnerObjective<B>,
  params: Params,
  batch: B,
  names: readonly string[],
) => SupportGradient;

/** Keeps nothing: there is no backward pass. */
const forget: StepPolicy = (objective, ...at) => ({
  gradients: objective.gradient(...at).gradients,
  isTransient: true,
});

/** Keeps the gradient; a Hessian-vector product is computed from the parameters. */
const keepGradient: StepPolicy = (objective, params, batch, names) => {
  const { gradients } = objective.gradient(params, batch, names);
  const hvp = (vector: Params) => objective.hvp(params, batch, vector);
  return { gradients, isTransient: false, linearize: () => ({ gradients, hvp, dispose() {} }) };
};

/** Keeps the gradient and the intermediate results that a Hessian-vector product reuses. */
const keepLinearization: StepPolicy = (objective, ...at) => {
  const linearization = objective.linearize?.(...at) as SupportLinearization;
  return {
    gradients: linearization.gradients,
    isTransient: false,
    linearize: () => linearization,
  };
};

/** Keeps nothing: the backward pass recomputes the gradient together with its Hessian-vector product. */
const recompute: StepPolicy = (objective, ...at) => ({
  ...forget(objective, ...at),
  linearize: () => objective.linearize?.(...at) as SupportLinearization,
});

/**
 * Chooses what inner steps keep for the backward pass:
 *
 * - order 0, without a backward pass: nothing;
 * - order 1, or an objective whose gradient shares no work with its Hessian-vector product: the gradient;
 * - order 2 with shared work: the intermediate results of a single step; with more steps nothing, as memory
 *   would grow with each, so the backward pass recomputes them.
 *
 * @param order order of the derivative that `backpropagate` takes; 0 without a backward pass
 * @param steps number of inner steps
 */
export function stepPolicy<B>(
  { sharesWork }: InnerObjective<B>,
  order: 0 | 1 | 2,
  steps: number,
): StepPolicy {
  if (order === 0) return forget;
  if (order === 1 || !sharesWork) return keepGradient;
  return steps === 1 ? keepLinearization : recompute;
}
