import * as tf from "@tensorflow/tfjs";
import { valueAndGradients } from "../autodiff/gradients.js";
import type { Batch } from "../batch/batch.js";
import type { Segment } from "../contracts/model.js";
import { dotParams, filterParams, mapParams, type Params } from "../params.js";

/** Inputs of a segment, or tangents of them: its parameters, and the previous segment's state. */
interface SegmentInput {
  readonly params: Params;
  readonly state: Params;
}

/** Derivatives of one segment, as functions that a runtime can compile. */
export interface SegmentDerivatives<B extends Batch> {
  /** Computes the next segment's state. */
  forward(at: SegmentInput, batch: B): Params;
  /**
   * Value of the inner product `<weights, output>`, and its gradient with respect to the state and to the
   * parameters that `names` lists.
   */
  gradient(
    at: SegmentInput,
    weights: Params,
    batch: B,
    names: readonly string[],
  ): SegmentInput & { readonly value: tf.Scalar };
  /** Output, and its directional derivative along `direction`. */
  tangent(
    at: SegmentInput,
    direction: SegmentInput,
    batch: B,
  ): { readonly state: Params; readonly tangent: Params };
  /**
   * Gradient of `<weights, output>` with respect to the state, and the directional derivative of the
   * gradient with respect to state and parameters, along `direction` of the input and `change` of the
   * weights.
   */
  product(
    at: SegmentInput,
    direction: SegmentInput,
    by: { readonly weights: Params; readonly change: Params },
    batch: B,
  ): SegmentInput & { readonly gradient: Params };
}

/** Makes the derivatives of a segment. */
export function segmentDerivatives<B extends Batch>(
  apply: Segment<B>["apply"],
): SegmentDerivatives<B> {
  /** `<weights, output>` as a function of parameters and state, joined. */
  const weighted = (weights: Params, batch: B) => (all: Params) => {
    const { params, state } = apart(all);
    return dotParams(weights, apply(params, state, batch));
  };
  return {
    forward: ({ params, state }, batch) => apply(params, state, batch),
    gradient({ params, state }, weights, batch, names) {
      const wanted = together({
        params: filterParams(params, (name) => names.includes(name)),
        state,
      });
      const f = weighted(weights, batch);
      const { value, gradients } = valueAndGradients(
        f,
        together({ params, state }),
        Object.keys(wanted),
      );
      return { value, ...apart(gradients) };
    },
    tangent(at, direction, batch) {
      const along = together(direction);
      const names = Object.keys(along);
      const state = apply(at.params, at.state, batch);
      if (names.length === 0) return { state, tangent: mapParams((s) => tf.zerosLike(s), state) };
      // The Jacobian's transpose times u is linear in u: whatever u is, the gradient of its product
      // with the direction, with respect to u, is the Jacobian times the direction.
      const pulledBack = (u: Params) =>
        dotParams(along, valueAndGradients(weighted(u, batch), together(at), names).gradients);
      return { state, tangent: valueAndGradients(pulledBack, state).gradients };
    },
    product(at, direction, { weights, change }, batch) {
      const [all, along] = [together(at), together(direction)];
      const gradient = (x: Params, names: readonly string[]) =>
        valueAndGradients(weighted(weights, batch), x, names).gradients;
      const slope = (x: Params) => {
        const moved = weighted(change, batch)(x);
        const names = Object.keys(along);
        return names.length === 0
          ? moved
          : (tf.add(moved, dotParams(along, gradient(x, names))) as tf.Scalar);
      };
      const states = Object.keys(together({ params: {}, state: at.state }));
      return {
        ...apart(valueAndGradients(slope, all).gradients),
        gradient: states.length === 0 ? {} : apart(gradient(all, states)).state,
      };
    },
  };
}

const [ofParams, ofState] = ["params ", "state "];

/** Joins parameters and state into one record. */
function together({ params, state }: SegmentInput): Params {
  return { ...renamed(params, (n) => ofParams + n), ...renamed(state, (n) => ofState + n) };
}

/** Splits what {@link together} joined. */
function apart(all: Params): SegmentInput {
  const part = (prefix: string) =>
    renamed(
      filterParams(all, (name) => name.startsWith(prefix)),
      (name) => name.slice(prefix.length),
    );
  return { params: part(ofParams), state: part(ofState) };
}

function renamed(params: Params, rename: (name: string) => string): Params {
  return Object.fromEntries(Object.entries(params).map(([name, t]) => [rename(name), t]));
}
