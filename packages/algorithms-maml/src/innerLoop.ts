import {
  addParams,
  type Batch,
  disposeParams,
  disposeState,
  filterParams,
  type MetaOptimizer,
  type Objective,
  type OptimizerState,
  type OptimizerStep,
  type Params,
} from "@metalearn/core";

/** What an inner loop needs to know. */
export interface InnerLoop<B extends Batch> {
  readonly objective: Objective<B>;
  readonly optimizer: MetaOptimizer;
  readonly steps: number;
  /** Names of the adapted parameters. */
  readonly names: readonly string[];
}

/** One inner step, kept for the way back. */
interface InnerStep<B extends Batch> {
  readonly update: OptimizerStep;
  /** All parameters at the start of the step, adapted or not. */
  readonly params: Params;
  readonly batch: B;
}

/** Where an inner loop led, and how it got there. */
export interface Trajectory<B extends Batch> {
  readonly params: Params;
  readonly state: OptimizerState;
  readonly steps: readonly InnerStep<B>[];
}

/**
 * Takes inner steps from `params`; step j sees support batch j, starting over when there are more
 * steps than batches.
 *
 * @param record whether to keep every step for {@link backpropagate}; otherwise only the end is kept
 */
export function descend<B extends Batch>(
  { objective, optimizer, steps, names }: InnerLoop<B>,
  params: Params,
  support: readonly B[],
  state: OptimizerState,
  record: boolean,
): Trajectory<B> {
  const taken: InnerStep<B>[] = [];
  for (let j = 0; j < steps; j++) {
    const batch = support[j % support.length] as B;
    const { gradients } = objective.gradient(params, batch, names);
    const update = { gradients, state, params: pick(params, names) };
    const next = optimizer.update(gradients, state, update.params);
    if (record) {
      taken.push({ update, params, batch });
    } else {
      disposeParams(gradients);
      // What the first step started from belongs to the caller.
      if (j > 0) {
        disposeParams(update.params);
        disposeState(state);
      }
    }
    params = { ...params, ...next.params };
    // A schedule of the inner learning rate follows meta-updates, not inner steps.
    state = { ...next.state, update: state.update };
  }
  return { params, state, steps: taken };
}

/**
 * The exact gradient with respect to where an inner loop started, given the gradient with respect
 * to where it ended: the adjoint of each optimizer update in closed form and one Hessian-vector
 * product of the support loss per step. No tape spans inner steps, so that memory is that of one
 * Hessian-vector product however many steps there are. The incoming moments count as constants.
 */
export function backpropagate<B extends Batch>(
  { objective, optimizer, names }: InnerLoop<B>,
  { steps }: Trajectory<B>,
  gradient: Params,
): Params {
  let slots: Readonly<Record<string, Params>> = {};
  for (const { update, params, batch } of [...steps].reverse()) {
    const adjoint = optimizer.adjoint(update, { params: pick(gradient, names), slots });
    const curvature = objective.hvp(params, batch, adjoint.gradients);
    gradient = addParams([{ ...gradient, ...adjoint.params }, curvature]);
    slots = adjoint.slots;
  }
  return gradient;
}

function pick(params: Params, names: readonly string[]): Params {
  const wanted = new Set(names);
  return filterParams(params, (name) => wanted.has(name));
}
