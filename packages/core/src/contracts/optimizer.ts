import * as tf from "@tensorflow/tfjs";
import { disposeParams, meanParams, type Params } from "../params.js";
import { tidy } from "../tidy.js";

/** State of an optimizer. Passed in and returned, never kept. */
export interface OptimizerState {
  /** Number of gradients that the slots have accumulated: `t` of Adam's bias correction. */
  readonly step: number;
  /** Number of updates made, from which schedules compute the learning rate. */
  readonly update: number;
  /** Moving averages by name, for example `{ m, v }`; each is shaped like the parameters. */
  readonly slots: Readonly<Record<string, Params>>;
}

/** Tensor inputs of one update. */
export interface UpdateInput {
  readonly gradients: Params;
  readonly slots: Readonly<Record<string, Params>>;
  readonly params: Params;
}

/** Scalars of one update by name, such as learning rate and bias corrections. */
export type Coefficients = Readonly<Record<string, tf.Scalar>>;

/** Derivatives of a scalar with respect to an update's outputs. */
export interface UpdateCotangent {
  readonly params: Params;
  /** Missing slots count as zero. */
  readonly slots: Readonly<Record<string, Params>>;
}

/** Derivatives of the same scalar with respect to the update's inputs. */
export interface UpdateAdjoint {
  /** Direct path only: the path through the gradients is the caller's Hessian-vector product. */
  readonly params: Params;
  readonly gradients: Params;
  readonly slots: Readonly<Record<string, Params>>;
}

/** An optimizer's update as pure functions of tensors, which a runtime can compile. */
export interface UpdateRule {
  readonly name: string;
  /** Names of the slots, in order. Two optimizers can share moments if these are equal. */
  readonly slotNames: readonly string[];
  /** @throws MetaError `BAD_OPTION` as {@link checkNames} does */
  init(params: Params): OptimizerState;
  /**
   * Checks options that name parameters, such as groups with a rate of their own, against the names of all
   * parameters that are updated. Called before the first update, also of a state that `init` has not made.
   *
   * @throws MetaError `BAD_OPTION` for a name or pattern that no parameter has
   * @default no option names parameters
   */
  checkNames?(names: readonly string[]): void;
  /**
   * Scalars of the update that follows `state`: bias corrections, the learning rate. Computed on the
   * host in float64 and passed to the functions below as tensors, so that compiled functions do not
   * depend on the step.
   */
  coefficients(state: OptimizerState): Readonly<Record<string, number>>;
  /**
   * Adds scalars that depend on all tensors together, such as the gradient norm, to `c`. Then
   * {@link apply} can be called with any subset of the tensors.
   *
   * @param norm norm over all gradients together, if already known
   */
  measure?(input: UpdateInput, c: Coefficients, norm?: tf.Scalar): Coefficients;
  /** Computes new parameters and slots. The caller owns the tensors. */
  apply(input: UpdateInput, c: Coefficients): Pick<UpdateInput, "params" | "slots">;
  /** Vector-Jacobian product of {@link apply}. */
  adjoint(input: UpdateInput, c: Coefficients, cotangent: UpdateCotangent): UpdateAdjoint;
  /**
   * Group of a parameter, by name: tensors of one group are updated alike. @default one group
   */
  kindOf?(name: string): string;
  /** Learning rate of the next update, for logs. */
  learningRate(state: OptimizerState): number;
}

/**
 * An optimizer as pure functions from gradients and state to new parameters and state, for the outer
 * and the inner loop alike. The inner loop differentiates through its closed-form adjoint, so that no
 * tape over inner steps is needed.
 */
export interface MetaOptimizer extends UpdateRule {
  /** Makes one update. The returned tensors are new; the caller owns them. */
  update(
    gradients: Params,
    state: OptimizerState,
    params: Params,
  ): { params: Params; state: OptimizerState };
}

/** Makes an optimizer from its update rule. */
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

/** Scalars of the update that follows `state`, as tensors. */
export function coefficients(rule: UpdateRule, state: OptimizerState): Coefficients {
  const numbers = Object.entries(rule.coefficients(state));
  return Object.fromEntries(numbers.map(([name, value]) => [name, tf.scalar(value)]));
}

/** `state` with counts advanced by one update. */
export function nextCount(state: OptimizerState): OptimizerState {
  return { ...state, step: state.step + 1, update: state.update + 1 };
}

/** State that training carries from one meta-update to the next, in addition to parameters. */
export interface MetaState {
  readonly optimizer: OptimizerState;
  /** State of the inner optimizer, for learners that keep it apart from the outer optimizer's. */
  readonly inner?: OptimizerState;
}

/** Averages the slots of several states; counts are those of the first. */
export function meanState(states: readonly OptimizerState[]): OptimizerState {
  const [first] = states;
  if (!first) throw new RangeError("meanState needs at least one state");
  const slots = mapSlots(first.slots, (_, name) =>
    meanParams(states.map((state) => state.slots[name] ?? {})),
  );
  return { ...first, slots };
}

/** Applies `fn` to each slot; results are under the slots' names. */
export function mapSlots<T>(
  slots: OptimizerState["slots"],
  fn: (slot: Params, name: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(slots).map(([name, slot]) => [name, fn(slot, name)]));
}

/** Tensors of a state, as a list. */
export function stateTensors(state: OptimizerState): tf.Tensor[] {
  return Object.values(state.slots).flatMap((slot) => Object.values(slot));
}

/** Frees the tensors of a state. */
export function disposeState(state: OptimizerState): void {
  for (const slot of Object.values(state.slots)) disposeParams(slot);
}

/** Frees the tensors of a {@link MetaState}. */
export function disposeMetaState({ optimizer, inner }: MetaState): void {
  disposeState(optimizer);
  if (inner) disposeState(inner);
}
