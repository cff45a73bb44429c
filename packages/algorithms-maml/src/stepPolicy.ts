import type { Linearization, LossAndGradients, Params } from "@metalearn/core";

/** Loss that an inner loop descends. `B` is the input of one step: a batch, or several. */
export interface InnerObjective<B> {
  gradient(params: Params, batch: B, names: readonly string[]): Pick<LossAndGradients, "gradients">;
  hvp(params: Params, batch: B, vector: Params): Params;
  /** Both; cheaper than one after the other if `sharesWork`. */
  readonly sharesWork?: boolean;
  linearize?(params: Params, batch: B, names: readonly string[]): SupportLinearization;
}

/** Support gradient, and the Hessian of the support loss times a vector. */
export type SupportLinearization = Pick<Linearization, "gradients" | "hvp" | "dispose">;

/** Support gradient of an inner step. */
interface SupportGradient {
  readonly gradients: Params;
  /** True if it is freed once the step is taken. */
  readonly isTransient: boolean;
  /** Returns it in the backward pass; absent where there is none. */
  readonly linearize?: () => SupportLinearization;
}

/** Computes the support gradient at `params`, and decides what is kept for the backward pass. */
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

/** Keeps the gradient. A Hessian-vector product recomputes everything it needs. */
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

/** Keeps nothing: the backward pass computes the gradient again, together with its Hessian-vector product. */
const recompute: StepPolicy = (objective, ...at) => ({
  ...forget(objective, ...at),
  linearize: () => objective.linearize?.(...at) as SupportLinearization,
});

/**
 * Chooses the policy for a loop of `steps` steps. Intermediate results that a gradient shares with its
 * Hessian-vector product are kept for a single step only, because memory would grow with each. Where nothing
 * is shared, keeping the gradient saves computing it again.
 *
 * @param order of the derivative that `backpropagate` will take; 0 without a backward pass
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
