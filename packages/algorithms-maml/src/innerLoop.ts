import {
  addInto,
  type Batch,
  type Coefficients,
  coefficients,
  disposeParams,
  filterParams,
  type Learner,
  type Linearization,
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
  /** Both; they cost less together where `sharesWork`. */
  readonly sharesWork?: boolean;
  linearize?(params: Params, batch: B, names: readonly string[]): SupportLinearization;
}

/** A support gradient, and the Hessian of the support loss times a vector. */
type SupportLinearization = Pick<Linearization, "gradients" | "hvp" | "dispose">;

/** What an inner loop needs to know. */
export interface InnerLoop<B> {
  readonly objective: InnerObjective<B>;
  readonly optimizer: Pick<UpdateRule, "apply" | "adjoint"> & {
    /** The adjoint without gradients with respect to slots, which are as large as the parameters. */
    readonly adjointOfFirst: (
      ...args: Parameters<UpdateRule["adjoint"]>
    ) => Pick<ReturnType<UpdateRule["adjoint"]>, "params" | "gradients">;
  };
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
interface InnerStep {
  readonly input: Omit<UpdateInput, "gradients">;
  readonly coefficients: Coefficients;
  /** All parameters at the start of the step, adapted or not. */
  readonly params: Params;
  /** The support loss at `params`: kept from the way there, or computed again. */
  linearize(): SupportLinearization;
}

/** Where an inner loop led, and how it got there. */
export interface Trajectory {
  readonly params: Params;
  readonly slots: Slots;
  readonly steps: readonly InnerStep[];
}

/**
 * The inner loops that a learner runs with one optimizer.
 *
 * @param adapt names of the adapted parameters, as patterns
 */
export function innerLoops(optimizer: UpdateRule, adapt: readonly string[]) {
  const adjointOfFirst: InnerLoop<never>["optimizer"]["adjointOfFirst"] = (...args) => {
    const { params, gradients } = optimizer.adjoint(...args);
    return { params, gradients };
  };
  return <B extends Batch>(objective: Objective<B>, params: Params) => ({
    objective,
    optimizer: {
      apply: objective.compile(optimizer.apply, "inner update"),
      adjoint: objective.compile(optimizer.adjoint, "inner adjoint"),
      adjointOfFirst: objective.compile(adjointOfFirst, "first inner adjoint"),
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
 * @param record the order of the derivative that {@link backpropagate} is to take. With 0 only the
 *   end is kept. With 2 a single step keeps what its Hessian-vector product shares with its
 *   gradient. More steps do not, because memory would grow with them; where the way back gets the
 *   gradient with its product they keep not even that.
 */
export function descend<B>(
  { objective, optimizer, names }: InnerLoop<B>,
  params: Params,
  support: readonly B[],
  start: InnerStart,
  record: 0 | 1 | 2,
): Trajectory {
  const steps: InnerStep[] = [];
  const alone = start.coefficients.length === 1;
  let slots = start.slots;
  for (const [j, c] of start.coefficients.entries()) {
    const batch = support[j % support.length] as B;
    const at = params;
    const input = { slots, params: pick(at, names) };
    const together = record === 2 && objective.sharesWork ? objective.linearize : undefined;
    const found = (alone && together?.(at, batch, names)) || {
      ...objective.gradient(at, batch, names),
      hvp: (vector: Params) => objective.hvp(at, batch, vector),
      dispose() {},
    };
    const next = optimizer.apply({ ...input, gradients: found.gradients }, c);
    const again = alone ? undefined : together;
    if (record === 0 || again) disposeParams(found.gradients);
    if (record > 0) {
      const linearize = again ? () => again(at, batch, names) : () => found;
      steps.push({ input, coefficients: c, params: at, linearize });
    } else if (j > 0) {
      // What the first step started from belongs to the caller.
      for (const used of [input.params, ...Object.values(slots)]) disposeParams(used);
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
      return descend(loop, params, support, start, 0).params;
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
  /** Whether gradients with respect to the slots at the start are asked for. @default false */
  readonly slots?: boolean;
}

/**
 * The exact gradient with respect to where an inner loop started, given the gradient with respect
 * to where it ended: the adjoint of each optimizer update in closed form and one Hessian-vector
 * product of the support loss per step. No tape spans inner steps, so that memory is that of one
 * Hessian-vector product however many steps there are.
 *
 * @param trajectory whose support gradients are freed
 * @param gradient is freed, as those on the way are
 * @returns the gradient with respect to parameters and, if asked for, slots
 */
export function backpropagate<B>(
  { optimizer, names }: Pick<InnerLoop<B>, "optimizer" | "names">,
  { steps }: Trajectory,
  gradient: Params,
  { order = 2, onTheWay = [], slots = false }: BackwardOptions = {},
): { gradient: Params; slots: Slots } {
  let back: { gradient: Params; slots: Slots } = { gradient, slots: {} };
  for (const [j, { input, coefficients, linearize }] of [...steps.entries()].reverse()) {
    const { gradients, hvp, dispose } = linearize();
    const update = { ...input, gradients };
    const arrived = { params: pick(back.gradient, names), slots: back.slots };
    const adjoint =
      j > 0 || slots
        ? optimizer.adjoint(update, coefficients, arrived)
        : { ...optimizer.adjointOfFirst(update, coefficients, arrived), slots: {} };
    const direct = { ...back.gradient, ...adjoint.params };
    // As large as the model, all of them: each goes before the next is made.
    disposeOthers([back.gradient, ...Object.values(back.slots)], direct);
    disposeParams(gradients);
    const bent = order === 2 ? hvp(adjoint.gradients) : undefined;
    dispose();
    disposeParams(adjoint.gradients);
    const arriving = onTheWay[j];
    const through = bent ? addInto(direct, bent) : direct;
    back = { gradient: arriving ? addInto(through, arriving) : through, slots: adjoint.slots };
  }
  return back;
}

/** Frees those tensors that are not in `kept` as well. */
function disposeOthers(all: readonly Params[], kept: Params): void {
  const staying = new Set(Object.values(kept));
  for (const params of all) {
    for (const tensor of Object.values(params)) if (!staying.has(tensor)) tensor.dispose();
  }
}

/** The tensors of these names. */
export function pick(params: Params, names: readonly string[]): Params {
  const wanted = new Set(names);
  return filterParams(params, (name) => wanted.has(name));
}
