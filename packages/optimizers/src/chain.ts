import {
  addParams,
  MetaError,
  type MetaOptimizer,
  mapParams,
  type OptimizerState,
  type OptimizerStep,
  type Params,
  type UpdateAdjoint,
  type UpdateCotangent,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { Coefficients, GradientTransform, Slots, TransformInput } from "./transform.js";

/** An optimizer that is a chain of transforms. */
export interface Optimizer extends MetaOptimizer {
  readonly transforms: readonly GradientTransform[];
}

/**
 * An optimizer that applies transforms, or other optimizers, in order and adds the result to the
 * parameters.
 *
 * @example chain(clipByGlobalNorm(1), adamw({ learningRate: 1e-5 }))
 * @throws MetaError `DUPLICATE_NAME` when two transforms keep a slot of the same name
 */
export function chain(...parts: readonly (GradientTransform | Optimizer)[]): Optimizer {
  const transforms = parts.flatMap((part) => ("transforms" in part ? part.transforms : [part]));
  const slotNames = transforms.flatMap((transform) => transform.slotNames);
  const repeated = slotNames.find((name, i) => slotNames.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new MetaError(
      "DUPLICATE_NAME",
      `Two transforms of one chain keep a slot called "${repeated}".`,
    );
  }

  const slotsOf = (transform: GradientTransform, slots: Slots): Slots =>
    Object.fromEntries(
      transform.slotNames.map((name) => {
        const slot = slots[name];
        if (!slot) {
          throw new MetaError(
            "BAD_OPTION",
            `The optimizer state has no slot "${name}", which ${transform.name} needs. It has: ${Object.keys(slots).join(", ") || "none"}.`,
          );
        }
        return [name, slot];
      }),
    );

  const numbers = (transform: GradientTransform, state: OptimizerState) =>
    transform.coefficients({ step: state.step + 1, update: state.update });

  const scalars = (transform: GradientTransform, state: OptimizerState): Coefficients =>
    Object.fromEntries(
      Object.entries(numbers(transform, state)).map(([name, value]) => [name, tf.scalar(value)]),
    );

  /** Runs the chain, keeping what each transform was given. */
  const forward = ({ gradients, state, params }: OptimizerStep) => {
    let updates = gradients;
    let slots: Slots = {};
    const inputs: { input: TransformInput; c: Coefficients }[] = [];
    for (const transform of transforms) {
      const input = { updates, slots: slotsOf(transform, state.slots), params };
      const c = scalars(transform, state);
      inputs.push({ input, c });
      const output = transform.apply(input, c);
      updates = output.updates;
      slots = { ...slots, ...output.slots };
    }
    return { updates, slots, inputs };
  };

  return {
    name: transforms.map((transform) => transform.name).join(" > "),
    transforms,
    slotNames,

    init: (params) => ({
      step: 0,
      update: 0,
      slots: Object.assign({}, ...transforms.map((transform) => transform.init(params))),
    }),

    update: (gradients, state, params) =>
      tidy(() => {
        const { updates, slots } = forward({ gradients, state, params });
        return {
          params: mapParams((p, u) => tf.add(p, u), params, updates),
          state: { step: state.step + 1, update: state.update + 1, slots },
        };
      }),

    adjoint: (step: OptimizerStep, cotangent: UpdateCotangent): UpdateAdjoint =>
      tidy(() => {
        const { inputs } = forward(step);
        // params' = params + updates
        const direct: Params[] = [cotangent.params];
        let updates = cotangent.params;
        const slots: Record<string, Params> = {};
        for (const [i, transform] of [...transforms.entries()].reverse()) {
          const { input, c } = inputs[i] as (typeof inputs)[number];
          const own = Object.fromEntries(
            transform.slotNames.flatMap((name) => {
              const slot = cotangent.slots[name];
              return slot ? [[name, slot]] : [];
            }),
          );
          const adjoint = transform.adjoint(input, c, { updates, slots: own });
          updates = adjoint.updates;
          Object.assign(slots, adjoint.slots);
          if (adjoint.params) direct.push(adjoint.params);
        }
        return { params: addParams(direct), gradients: updates, slots };
      }),

    learningRate: (state) => {
      for (const transform of transforms) {
        const { learningRate } = numbers(transform, state);
        if (learningRate !== undefined) return learningRate;
      }
      return 1;
    },
  };
}

/** `tf.tidy` for any nest of objects that holds tensors. */
function tidy<T>(fn: () => T): T {
  return tf.tidy(fn as () => tf.TensorContainer) as T;
}
