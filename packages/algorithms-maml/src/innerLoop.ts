import {
  addInto,
  type Batch,
  type Coefficients,
  coefficients,
  disposeParams,
  filterParams,
  type Learner,
  type MetaState,
  matchingNames,
  type Objective,
  type OptimizerState,
  type Params,
  tidy,
  type UpdateInput,
  type UpdateRule,
} from "@metalearn/core";
import { type InnerObjective, type SupportLinearization, stepPolicy } from "./stepPolicy.js";

type Slots = OptimizerState["slots"];

/** Functions and names that an inner loop uses. */
export interface InnerLoop<B> {
  readonly objective: InnerObjective<B>;
  readonly optimizer: Pick<UpdateRule, "apply" | "adjoint"> & {
    /** Adjoint without gradients with respect to slots, which are as large as the parameters. */
    readonly adjointOfFirst: (
      ...args: Parameters<UpdateRule["adjoint"]>
    ) => Pick<ReturnType<UpdateRule["adjoint"]>, "params" | "gradients">;
  };
  /** Names of the adapted parameters. */
  readonly names: readonly string[];
}

/** Start and length of an inner loop. */
export interface InnerStart {
  /** The inner optimizer's moments. */
  readonly slots: Slots;
  /** Coefficients of each step's update. */
  readonly coefficients: readonly Coefficients[];
}

/** One inner step, kept for the backward pass. */
export interface InnerStep {
  readonly input: Omit<UpdateInput, "gradients">;
  readonly coefficients: Coefficients;
  /** All parameters at the start of the step, adapted or not. */
  readonly params: Params;
  /** Support gradient at `params`, kept or recomputed. */
  linearize(): SupportLinearization;
}

/** End of an inner loop, and the steps that led there. */
export interface Trajectory {
  readonly params: Params;
  readonly slots: Slots;
  readonly steps: readonly InnerStep[];
}

/**
 * Makes the inner loops of a learner, all with one optimizer, whose functions are compiled once.
 *
 * @param adapt patterns of the names of the adapted parameters, such as `["*", "!wte.*"]`
 * @returns a function that opens the loop for an objective and the model's parameters, as `metaGradient` receives
 *   them; it throws MetaError `BAD_OPTION` for a pattern without a match
 * @example
 * const openLoop = innerLoops(optimizer, ["*"]); // such as sgd({ learningRate: 0.01 })
 * const loop = openLoop(objective, params);
 * const trajectory = descend(loop, params, support, freshStart(optimizer, params, state, 3), 2);
 * const { gradients } = objective.gradient(trajectory.params, query);
 * const { gradient } = backpropagate(loop, trajectory, gradients); // the meta-gradient of MAML
 */
export function innerLoops(optimizer: UpdateRule, adapt: readonly string[]) {
  const adjointOfFirst: InnerLoop<never>["optimizer"]["adjointOfFirst"] = (...args) => {
    const { params, gradients } = optimizer.adjoint(...args);
    return { params, gradients };
  };
  return <B extends Batch>(objective: Objective<B>, params: Params): InnerLoop<B> => {
    const names = matchingNames(Object.keys(params), adapt, "adapt");
    optimizer.checkNames?.(names);
    return {
      objective,
      optimizer: {
        apply: objective.compile(optimizer.apply, "inner update"),
        adjoint: objective.compile(optimizer.adjoint, "inner adjoint"),
        adjointOfFirst: objective.compile(adjointOfFirst, "first inner adjoint"),
      },
      names,
    };
  };
}

/** Start of an inner loop of `steps` steps from an optimizer state. */
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
 * Start of an inner loop with zero moments.
 *
 * @param adapted the adapted parameters
 * @param state that of the meta-update: a schedule of the inner learning rate follows its updates
 */
export function freshStart(
  optimizer: UpdateRule,
  adapted: Params,
  { optimizer: { update } }: MetaState,
  steps: number,
): InnerStart {
  return startFrom(optimizer, { ...optimizer.init(adapted), update }, steps);
}

/**
 * Takes inner steps from `params`. Step j reads support batch j, starting over when there are more steps than
 * batches. All parameters are passed on; those that are not adapted are the same tensors throughout.
 *
 * Call it inside `tidy`, as `adapt` and `metaGradient` do: what the backward pass needs stays in memory until then.
 *
 * @param order of the derivative that {@link backpropagate} will take; with 0 only the end is kept
 */
export function descend<B>(
  { objective, optimizer, names }: InnerLoop<B>,
  params: Params,
  support: readonly B[],
  { slots, coefficients: all }: InnerStart,
  order: 0 | 1 | 2,
): Trajectory {
  const takeGradient = stepPolicy(objective, order, all.length);
  const steps: InnerStep[] = [];
  for (const [j, coefficients] of all.entries()) {
    const input = { slots, params: pick(params, names) };
    const batch = support[j % support.length] as B;
    const { gradients, isTransient, linearize } = takeGradient(objective, params, batch, names);
    const next = optimizer.apply({ ...input, gradients }, coefficients);
    if (isTransient) disposeParams(gradients);
    if (linearize) steps.push({ input, coefficients, params, linearize });
    else if (j > 0) disposeInput(input); // the first step's belongs to the caller
    params = { ...params, ...next.params };
    slots = next.slots;
  }
  return { params, slots, steps };
}

/** The `adapt` function of a learner that takes plain inner steps and starts every task with zero moments. */
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

/** Options of {@link backpropagate}. */
export interface BackwardOptions {
  /** 1 treats support gradients as constants, and needs no Hessian. @default 2 */
  readonly order?: 1 | 2;
  /**
   * Gradients of losses along the way: element j is with respect to the parameters before step j, counted
   * from 0.
   */
  readonly onTheWay?: readonly (Params | undefined)[];
  /** True to return the gradient with respect to the initial slots as well. @default false */
  readonly slots?: boolean;
}

/**
 * Exact gradient with respect to the start of an inner loop, given the gradient with respect to its end. A
 * step is `φ' = U(φ, g(φ))` with the support gradient `g`. Going back through it, a cotangent `v` becomes `a
 * + H b`, where `(a, b)` is the adjoint of the update `U`, in closed form, and `H b` a Hessian-vector product
 * of the support loss. No tape spans inner steps, so that the memory is that of one product for any number of
 * steps.
 *
 * @param trajectory its support gradients are freed
 * @param gradient is freed, as are the gradients along the way
 * @returns the gradient with respect to parameters and, if requested, slots
 */
export function backpropagate<B>(
  { optimizer, names }: Pick<InnerLoop<B>, "optimizer" | "names">,
  { steps }: Trajectory,
  gradient: Params,
  { order = 2, onTheWay = [], slots = false }: BackwardOptions = {},
): { gradient: Params; slots: Slots } {
  let cotangent: { params: Params; slots: Slots } = { params: gradient, slots: {} };
  for (const [j, { input, coefficients, linearize }] of [...steps.entries()].reverse()) {
    const { gradients, hvp, dispose } = linearize();
    const update = { ...input, gradients };
    const adapted = { ...cotangent, params: pick(cotangent.params, names) };
    const adjoint =
      j > 0 || slots
        ? optimizer.adjoint(update, coefficients, adapted)
        : { ...optimizer.adjointOfFirst(update, coefficients, adapted), slots: {} };
    const directTerm = { ...cotangent.params, ...adjoint.params }; // a
    // These are as large as the model: each is freed before the next is made.
    disposeOthers([cotangent.params, ...Object.values(cotangent.slots)], directTerm);
    disposeParams(gradients);
    const hessianTerm = order === 2 ? hvp(adjoint.gradients) : undefined; // H b
    dispose();
    disposeParams(adjoint.gradients);
    const terms = [hessianTerm, onTheWay[j]].filter((term) => term !== undefined);
    cotangent = { params: terms.reduce(addInto, directTerm), slots: adjoint.slots };
  }
  return { gradient: cotangent.params, slots: cotangent.slots };
}

/** Frees the parameters and moments that a step started from. */
function disposeInput({ params, slots }: InnerStep["input"]): void {
  for (const used of [params, ...Object.values(slots)]) disposeParams(used);
}

/** Frees tensors that are not in `kept` as well. */
function disposeOthers(all: readonly Params[], kept: Params): void {
  const staying = new Set(Object.values(kept));
  for (const params of all) {
    for (const tensor of Object.values(params)) if (!staying.has(tensor)) tensor.dispose();
  }
}

/** Tensors with these names. */
export function pick(params: Params, names: readonly string[]): Params {
  const wanted = new Set(names);
  return filterParams(params, (name) => wanted.has(name));
}
