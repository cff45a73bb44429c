import {
  addParams,
  type Batch,
  type Coefficients,
  coefficients,
  disposeParams,
  filterParams,
  type Objective,
  type OptimizerState,
  type Params,
  tidy,
  type UpdateInput,
  type UpdateRule,
} from "@metalearn/core";

type Slots = OptimizerState["slots"];

/** What an inner loop needs to know. */
export interface InnerLoop<B extends Batch> {
  readonly objective: Objective<B>;
  readonly optimizer: Pick<UpdateRule, "apply" | "adjoint">;
  /** Names of the adapted parameters. */
  readonly names: readonly string[];
}

/** Where an inner loop starts, and how long it is. */
export interface InnerStart {
  /** The inner optimizer's moments. */
  readonly slots: Slots;
  /** The numbers of each step's update. */
  readonly coefficients: readonly Coefficients[];
}

/** One inner step, kept for the way back. */
interface InnerStep<B extends Batch> {
  readonly input: UpdateInput;
  readonly coefficients: Coefficients;
  /** All parameters at the start of the step, adapted or not. */
  readonly params: Params;
  readonly batch: B;
}

/** Where an inner loop led, and how it got there. */
export interface Trajectory<B extends Batch> {
  readonly params: Params;
  readonly slots: Slots;
  readonly steps: readonly InnerStep<B>[];
}

/** The start of an inner loop of `steps` steps from an optimizer state. */
export function startFrom(optimizer: UpdateRule, state: OptimizerState, steps: number): InnerStart {
  return {
    slots: state.slots,
    // A schedule of the inner learning rate follows meta-updates, not inner steps.
    coefficients: Array.from({ length: steps }, (_, j) =>
      coefficients(optimizer, { ...state, step: state.step + j }),
    ),
  };
}

/**
 * Takes inner steps from `params`; step j sees support batch j, starting over when there are more
 * steps than batches.
 *
 * @param record whether to keep every step for {@link backpropagate}; otherwise only the end is kept
 */
export function descend<B extends Batch>(
  { objective, optimizer, names }: InnerLoop<B>,
  params: Params,
  support: readonly B[],
  start: InnerStart,
  record: boolean,
): Trajectory<B> {
  const steps: InnerStep<B>[] = [];
  let slots = start.slots;
  for (const [j, c] of start.coefficients.entries()) {
    const batch = support[j % support.length] as B;
    const { gradients } = objective.gradient(params, batch, names);
    const input = { gradients, slots, params: pick(params, names) };
    const next = optimizer.apply(input, c);
    if (record) {
      steps.push({ input, coefficients: c, params, batch });
    } else {
      disposeParams(gradients);
      // What the first step started from belongs to the caller.
      if (j > 0) for (const used of [input.params, ...Object.values(slots)]) disposeParams(used);
    }
    params = { ...params, ...next.params };
    slots = next.slots;
  }
  return { params, slots, steps };
}

/**
 * The exact gradient with respect to where an inner loop started, given the gradient with respect
 * to where it ended: the adjoint of each optimizer update in closed form and one Hessian-vector
 * product of the support loss per step. No tape spans inner steps, so that memory is that of one
 * Hessian-vector product however many steps there are. The incoming moments count as constants.
 *
 * @param gradient is freed
 */
export function backpropagate<B extends Batch>(
  { objective, optimizer, names }: InnerLoop<B>,
  { steps }: Trajectory<B>,
  gradient: Params,
): Params {
  let back: { gradient: Params; slots: Slots } = { gradient, slots: {} };
  for (const { input, coefficients, params, batch } of [...steps].reverse()) {
    const later = back;
    back = tidy(() => {
      const adjoint = optimizer.adjoint(input, coefficients, {
        params: pick(later.gradient, names),
        slots: later.slots,
      });
      const curvature = objective.hvp(params, batch, adjoint.gradients);
      const direct = { ...later.gradient, ...adjoint.params };
      return { gradient: addParams([direct, curvature]), slots: adjoint.slots };
    });
    for (const used of [later.gradient, ...Object.values(later.slots)]) disposeParams(used);
  }
  for (const unused of Object.values(back.slots)) disposeParams(unused);
  return back.gradient;
}

function pick(params: Params, names: readonly string[]): Params {
  const wanted = new Set(names);
  return filterParams(params, (name) => wanted.has(name));
}
