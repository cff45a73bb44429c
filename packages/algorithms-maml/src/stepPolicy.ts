import type { Linearization, LossAndGradients, Params } from "@metalearn/core";

/** The loss that an inner loop descends. `B` is what one step sees: a batch, or several. */
export interface InnerObjective<B> {
  gradient(params: Params, batch: B, names: readonly string[]): Pick<LossAndGradients, "gradients">;
  hvp(params: Params, batch: B, vector: Params): Params;
  /** Both; they cost less together where `sharesWork`. */
  readonly sharesWork?: boolean;
  linearize?(params: Params, batch: B, names: readonly string[]): SupportLinearization;
}

/** A support gradient, and the Hessian of the support loss times a vector. */
export type SupportLinearization = Pick<Linearization, "gradients" | "hvp" | "dispose">;

/** The support gradient that an inner step takes. */
interface SupportGradient {
  readonly gradients: Params;
  /** Whether it is freed when the step is taken. */
  readonly isTransient: boolean;
  /** Gives it on the way back; absent where there is none. */
  readonly linearize?: () => SupportLinearization;
}

/** A policy: how a step takes the support gradient at `params`, and what it keeps for the way back. */
export type StepPolicy = <B>(
  objective: InnerObjective<B>,
  params: Params,
  batch: B,
  names: readonly string[],
) => SupportGradient;

/** Keeps nothing: there is no way back. */
const forget: StepPolicy = (objective, ...at) => ({
  gradients: objective.gradient(...at).gradients,
  isTransient: true,
});

/** Keeps the gradient. A Hessian-vector product computes all that it needs. */
const keepGradient: StepPolicy = (objective, params, batch, names) => {
  const { gradients } = objective.gradient(params, batch, names);
  const hvp = (vector: Params) => objective.hvp(params, batch, vector);
  return { gradients, isTransient: false, linearize: () => ({ gradients, hvp, dispose() {} }) };
};

/** Keeps the gradient and what it shares with a Hessian-vector product. */
const keepLinearization: StepPolicy = (objective, ...at) => {
  const linearization = objective.linearize?.(...at) as SupportLinearization;
  return {
    gradients: linearization.gradients,
    isTransient: false,
    linearize: () => linearization,
  };
};

/** Keeps nothing: the way back computes the gradient again, together with its Hessian-vector product. */
const recompute: StepPolicy = (objective, ...at) => ({
  ...forget(objective, ...at),
  linearize: () => objective.linearize?.(...at) as SupportLinearization,
});

/**
 * The policy for a loop of `steps` steps. What a gradient shares with its Hessian-vector product is kept of
 * a single step only: memory would grow with more. Where nothing is shared, a kept gradient saves computing it.
 *
 * @param order of the derivative that `backpropagate` is to take; 0 when there is no way back
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
