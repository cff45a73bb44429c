import type { Coefficients, Params } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";

/** Moving averages by name. */
export type Slots = Readonly<Record<string, Params>>;

/** Where training stands when an update is made. */
export interface UpdateCount {
  /** This gradient's number, from 1: the `t` of Adam's bias correction. */
  readonly step: number;
  /** Updates made before this one, from 0: where a schedule reads. */
  readonly update: number;
}

/** What a transform is given. */
export interface TransformInput {
  /** The gradients, or what the transform before made of them. */
  readonly updates: Params;
  readonly slots: Slots;
  readonly params: Params;
}

/**
 * One pure step on the way from gradients to an update, with its vector-Jacobian product. Chained
 * transforms make an optimizer, as in optax.
 */
export interface GradientTransform {
  readonly name: string;
  readonly slotNames: readonly string[];
  init(params: Params): Slots;
  /**
   * The numbers that this update needs. They are computed on the host in float64, because
   * `1 - beta2 ** step` in float32 would lose four digits, and reach {@link apply} as tensors, so
   * that a compiled `apply` does not depend on the step.
   */
  coefficients(count: UpdateCount): Readonly<Record<string, number>>;
  /**
   * What {@link apply} has to know of all updates together, such as their norm. Where it is not
   * among `c`, `apply` was given all of them.
   *
   * @param norm over all updates together, where it is known
   */
  measure?(updates: Params, norm?: tf.Scalar): Coefficients;
  /** Names of one kind are treated alike. By default all are. */
  kindOf?(name: string): string;
  apply(input: TransformInput, c: Coefficients): { updates: Params; slots: Slots };
  /** @param cotangent derivatives of a scalar with respect to what {@link apply} returned */
  adjoint(
    input: TransformInput,
    c: Coefficients,
    cotangent: { updates: Params; slots: Slots },
  ): { updates: Params; slots: Slots; params?: Params };
}

/** The parts that a transform without memory and without numbers shares with every other. */
export const stateless = {
  slotNames: [] as readonly string[],
  init: (): Slots => ({}),
  coefficients: (): Readonly<Record<string, number>> => ({}),
};
