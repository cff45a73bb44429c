import {
  addParams,
  type Batch,
  type Coefficients,
  coefficients,
  disposeParams,
  filterParams,
  type Learner,
  type LossAndGradients,
  type MetaState,
  matchingNames,
  type Objective,
  type OptimizerState,
  type Params,
  tidy,
  type UpdateInput,
  type UpdateRule,
} from "@metalearn/core";

type Slots = OptimizerState["slots"];

/** The loss that an inner loop descends. `B` is what one step sees: a batch, or several. */
export interface InnerObjective<B> {
  gradient(params: Params, batch: B, names: readonly string[]): Pick<LossAndGradients, "gradients">;
  hvp(params: Params, batch: B, vector: Params): Params;
}

/** What an inner loop needs to know. */
export interface InnerLoop<B> {
  readonly objective: InnerObjective<B>;
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
interface InnerStep<B> {
  readonly input: UpdateInput;
  readonly coefficients: Coefficients;
  /** All parameters at the start of the step, adapted or not. */
  readonly params: Params;
  readonly batch: B;
}

/** Where an inner loop led, and how it got there. */
export interface Trajectory<B> {
  readonly params: Params;
  readonly slots: Slots;
  readonly steps: readonly InnerStep<B>[];
}

/**
 * The inner loops that a learner runs with one optimizer.
 *
 * @param adapt names of the adapted parameters, as patterns
 */
export function innerLoops(optimizer: UpdateRule, adapt: readonly string[]) {
  return <B extends Batch>(objective: Objective<B>, params: Params) => ({
    objective,
    // Where the task is compiled as a whole, they become part of it.
    optimizer: {
      apply: objective.compile(optimizer.apply, "inner update"),
      adjoint: objective.compile(optimizer.adjoint, "inner adjoint"),
    },
    names: matchingNames(Object.keys(params), adapt, "adapt"),
  });
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

/** The start of an inner loop whose optimizer remembers nothing. */
export function freshStart(
  optimizer: UpdateRule,
  adapted: Params,
  { optimizer: { update } }: MetaState,
  steps: number,
): InnerStart {
  return startFrom(optimizer, { ...optimizer.init(adapted), update }, steps);
}

/**
 * Takes inner steps from `params`; step j sees support batch j, starting over when there are more
 * steps than batches.
 *
 * @param record whether to keep every step for {@link backpropagate}; otherwise only the end is kept
 */
export function descend<B>(
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
 * The `adapt` of a learner that takes plain inner steps and whose optimizer starts afresh for every
 * task.
 */
export function adaptAfresh(
  optimizer: UpdateRule,
  innerLoop: ReturnType<typeof innerLoops>,
  steps: number,
): Learner["adapt"] {
  return (objective, params, support, state) => {
    const loop = innerLoop(objective, params);
    return tidy(() => {
      const start = freshStart(optimizer, pick(params, loop.names), state, steps);
      return descend(loop, params, support, start, false).params;
    });
  };
}

/** How {@link backpropagate} goes back. */
export interface BackwardOptions {
  /** 1 takes the support gradients for constants, and needs no Hessian. @default 2 */
  readonly order?: 1 | 2;
  /**
   * Gradients of losses that were taken on the way: element j is with respect to the parameters at
   * which step j, from 0, began.
   */
  readonly onTheWay?: readonly (Params | undefined)[];
}

/**
 * The exact gradient with respect to where an inner loop started, given the gradient with respect
 * to where it ended: the adjoint of each optimizer update in closed form and one Hessian-vector
 * product of the support loss per step. No tape spans inner steps, so that memory is that of one
 * Hessian-vector product however many steps there are.
 *
 * @param gradient is freed
 * @returns the gradient with respect to parameters and slots
 */
export function backpropagate<B>(
  { objective, optimizer, names }: InnerLoop<B>,
  { steps }: Trajectory<B>,
  gradient: Params,
  { order = 2, onTheWay = [] }: BackwardOptions = {},
): { gradient: Params; slots: Slots } {
  let back: { gradient: Params; slots: Slots } = { gradient, slots: {} };
  for (const [j, { input, coefficients, params, batch }] of [...steps.entries()].reverse()) {
    const later = back;
    back = tidy(() => {
      const adjoint = optimizer.adjoint(input, coefficients, {
        params: pick(later.gradient, names),
        slots: later.slots,
      });
      const parts: Params[] = [{ ...later.gradient, ...adjoint.params }];
      if (order === 2) parts.push(objective.hvp(params, batch, adjoint.gradients));
      const arriving = onTheWay[j];
      if (arriving) parts.push(arriving);
      return { gradient: addParams(parts), slots: adjoint.slots };
    });
    const kept = new Set(tensorsOf(back));
    for (const tensor of tensorsOf(later)) if (!kept.has(tensor)) tensor.dispose();
  }
  return back;
}

function tensorsOf({ gradient, slots }: { gradient: Params; slots: Slots }) {
  return [gradient, ...Object.values(slots)].flatMap((tensors) => Object.values(tensors));
}

/** The tensors of these names. */
export function pick(params: Params, names: readonly string[]): Params {
  const wanted = new Set(names);
  return filterParams(params, (name) => wanted.has(name));
}
