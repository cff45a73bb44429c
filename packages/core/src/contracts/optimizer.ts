import * as tf from "@tensorflow/tfjs";
import { disposeParams, meanParams, type Params } from "../params.js";
import { tidy } from "../tidy.js";

/** An optimizer's memory. Passed in and returned, never kept. */
export interface OptimizerState {
  /** Gradients that the slots have absorbed: the `t` of Adam's bias correction. */
  readonly step: number;
  /** Updates made, from which a schedule reads the learning rate. */
  readonly update: number;
  /** Moving averages by name, for example `{ m, v }`; each is shaped like the parameters. */
  readonly slots: Readonly<Record<string, Params>>;
}

/** The tensors that one update is computed from. */
export interface UpdateInput {
  readonly gradients: Params;
  readonly slots: Readonly<Record<string, Params>>;
  readonly params: Params;
}

/** The numbers of one update, as tensors. */
export type Coefficients = Readonly<Record<string, tf.Scalar>>;

/** Derivatives of a scalar with respect to what an update returned. */
export interface UpdateCotangent {
  readonly params: Params;
  /** Missing slots count as zero. */
  readonly slots: Readonly<Record<string, Params>>;
}

/** Derivatives of the same scalar with respect to what the update was given. */
export interface UpdateAdjoint {
  /** Direct path only; what flows through the gradients is the caller's Hessian-vector product. */
  readonly params: Params;
  readonly gradients: Params;
  readonly slots: Readonly<Record<string, Params>>;
}

/** An update as functions of tensors alone, so that a runtime can compile them. */
export interface UpdateRule {
  readonly name: string;
  /** Names of the slots, in order. Two optimizers can share moments if these are equal. */
  readonly slotNames: readonly string[];
  init(params: Params): OptimizerState;
  /**
   * The numbers of the update that follows `state`: bias corrections, the learning rate. They are
   * computed on the host in float64 and reach the functions below as tensors, so that what is
   * compiled does not depend on the step.
   */
  coefficients(state: OptimizerState): Readonly<Record<string, number>>;
  /**
   * `c` with what must be known of all tensors together, such as their norm. With it
   * {@link apply} may be given any part of them.
   *
   * @param norm over all gradients together, where it is known
   */
  measure?(input: UpdateInput, c: Coefficients, norm?: tf.Scalar): Coefficients;
  /** New parameters and slots; the caller owns the tensors. */
  apply(input: UpdateInput, c: Coefficients): Pick<UpdateInput, "params" | "slots">;
  /** The vector-Jacobian product of {@link apply}. */
  adjoint(input: UpdateInput, c: Coefficients, cotangent: UpdateCotangent): UpdateAdjoint;
  /**
   * How a tensor of this name is treated: names of one kind are updated alike. By default all are.
   */
  kindOf?(name: string): string;
  /** The learning rate of the next update, for logs. */
  learningRate(state: OptimizerState): number;
}

/**
 * Turns gradients into new parameters, as pure functions. The same object serves in the outer and
 * in the inner loop; for the inner loop it brings the closed-form adjoint of its update, so that
 * no tape over inner steps is ever needed.
 */
export interface MetaOptimizer extends UpdateRule {
  /** One update. The returned tensors are new; the caller owns them. */
  update(
    gradients: Params,
    state: OptimizerState,
    params: Params,
  ): { params: Params; state: OptimizerState };
}

/** An optimizer from its rule. */
export function defineOptimizer<R extends UpdateRule>(rule: R): R & MetaOptimizer {
  return {
    ...rule,
    update: (gradients, state, params) =>
      tidy(() => {
        const next = rule.apply(
          { gradients, slots: state.slots, params },
          coefficients(rule, state),
        );
        return { params: next.params, state: { ...nextCount(state), slots: next.slots } };
      }),
  };
}

/** The numbers of the update that follows `state`, as tensors. */
export function coefficients(rule: UpdateRule, state: OptimizerState): Coefficients {
  const numbers = Object.entries(rule.coefficients(state));
  return Object.fromEntries(numbers.map(([name, value]) => [name, tf.scalar(value)]));
}

/** A state whose counts are those after one more update. */
export function nextCount(state: OptimizerState): OptimizerState {
  return { ...state, step: state.step + 1, update: state.update + 1 };
}

/** What training carries from one meta-update to the next, besides parameters. */
export interface MetaState {
  readonly optimizer: OptimizerState;
  /** The inner optimizer's own memory, for learners that keep one apart from the outer's. */
  readonly inner?: OptimizerState;
}

/** The slots of several states, averaged; counts are those of the first. */
export function meanState(states: readonly OptimizerState[]): OptimizerState {
  const [first] = states;
  if (!first) throw new RangeError("meanState needs at least one state");
  const slots = mapSlots(first.slots, (_, name) =>
    meanParams(states.map((state) => state.slots[name] ?? {})),
  );
  return { ...first, slots };
}

/** What `fn` makes of each slot, by the slot's name. */
export function mapSlots<T>(
  slots: OptimizerState["slots"],
  fn: (slot: Params, name: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, fn(slot, name)]));
}

/** All tensors of a state. */
export function stateTensors(state: OptimizerState): tf.Tensor[] {
  return Object.values(state.slots).flatMap((slot) => Object.values(slot));
}

/** Frees the tensors of a state. */
export function disposeState(state: OptimizerState): void {
  for (const slot of Object.values(state.slots)) disposeParams(slot);
}

/** Frees all tensors that training carries besides parameters. */
export function disposeMetaState({ optimizer, inner }: MetaState): void {
  disposeState(optimizer);
  if (inner) disposeState(inner);
}
