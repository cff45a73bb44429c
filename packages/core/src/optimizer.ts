import type * as tf from "@tensorflow/tfjs";
import { disposeParams, meanParams, type Params } from "./params.js";

/** An optimizer's memory. Passed in and returned, never kept. */
export interface OptimizerState {
  /** Gradients that the slots have absorbed: the `t` of Adam's bias correction. */
  readonly step: number;
  /** Updates made, from which a schedule reads the learning rate. */
  readonly update: number;
  /** Moving averages by name, for example `{ m, v }`; each is shaped like the parameters. */
  readonly slots: Readonly<Record<string, Params>>;
}

/** The arguments of one optimizer update. */
export interface OptimizerStep {
  readonly gradients: Params;
  readonly state: OptimizerState;
  readonly params: Params;
}

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

/**
 * Turns gradients into new parameters, as pure functions. The same object serves in the outer and
 * in the inner loop; for the inner loop it brings the closed-form adjoint of its update, so that
 * no tape over inner steps is ever needed.
 */
export interface MetaOptimizer {
  readonly name: string;
  /** Names of the slots, in order. Two optimizers can share moments if these are equal. */
  readonly slotNames: readonly string[];
  init(params: Params): OptimizerState;
  /** The returned tensors are new; the caller owns them. */
  update(
    gradients: Params,
    state: OptimizerState,
    params: Params,
  ): { params: Params; state: OptimizerState };
  /** The vector-Jacobian product of {@link update} at `step`. */
  adjoint(step: OptimizerStep, cotangent: UpdateCotangent): UpdateAdjoint;
  /** The learning rate of the next update, for logs. */
  learningRate(state: OptimizerState): number;
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
  const names = Object.keys(first.slots);
  const slots = names.map((name) => [name, meanParams(states.map((s) => s.slots[name] ?? {}))]);
  return { ...first, slots: Object.fromEntries(slots) };
}

/** All tensors of a state. */
export function stateTensors(state: OptimizerState): tf.Tensor[] {
  return Object.values(state.slots).flatMap((slot) => Object.values(slot));
}

/** Frees the tensors of a state. */
export function disposeState(state: OptimizerState): void {
  for (const slot of Object.values(state.slots)) disposeParams(slot);
}
