import type { Coefficients, Params } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";

/** Moving averages by name. */
export type Slots = Readonly<Record<string, Params>>;

/** Position in training of an update. */
export interface UpdateCount {
  /** Number of this gradient, from 1: the `t` of Adam's bias correction. */
  readonly step: number;
  /** Number of earlier updates, from 0: the argument of a schedule. */
  readonly update: number;
}

/** Input of a transform. */
export interface TransformInput {
  /** Gradients, or the output of the previous transform. */
  readonly updates: Params;
  readonly slots: Slots;
  readonly params: Params;
}

/**
 * One pure step from gradients to an update, with its vector-Jacobian product. Chained transforms make an
 * optimizer, as in optax.
 */
export interface GradientTransform {
  readonly name: string;
  readonly slotNames: readonly string[];
  init(params: Params): Slots;
  /**
   * Coefficients of this update. They are computed on the host in float64, because `1 - beta2 ** step` in
   * float32 would lose four digits, and are passed to {@link apply} as tensors, so that a compiled `apply`
   * does not depend on the step.
   */
  coefficients(count: UpdateCount): Readonly<Record<string, number>>;
  /**
   * Quantities over all updates together that {@link apply} needs, such as their norm. If they are not in
   * `c`, `apply` was given all updates and computes them.
   *
   * @param norm over all updates together, if it is known
   */
  measure?(updates: Params, norm?: tf.Scalar): Coefficients;
  /** Kind of a tensor, by name; tensors of one kind are treated alike. By default there is one kind. */
  kindOf?(name: string): string;
  /**
   * Checks options that name parameters against the names of all that are updated. Absent if there are none.
   *
   * @throws MetaError `BAD_OPTION`
   */
  checkNames?(names: readonly string[]): void;
  apply(input: TransformInput, c: Coefficients): { updates: Params; slots: Slots };
  /** @param cotangent derivatives of a scalar with respect to the output of {@link apply} */
  adjoint(
    input: TransformInput,
    c: Coefficients,
    cotangent: { updates: Params; slots: Slots },
  ): { updates: Params; slots: Slots; params?: Params };
}

/** Members of a transform that has no slots and no coefficients. */
export const stateless = {
  slotNames: [] as readonly string[],
  init: (): Slots => ({}),
  coefficients: (): Readonly<Record<string, number>> => ({}),
};
