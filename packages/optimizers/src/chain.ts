import {
  addParams,
  type Coefficients,
  defineOptimizer,
  MetaError,
  type MetaOptimizer,
  mapParams,
  type OptimizerState,
  type Params,
  tidy,
  type UpdateInput,
  type UpdateRule,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { GradientTransform, Slots, TransformInput } from "./transform.js";

/** An optimizer that is a chain of transforms. */
export interface Optimizer extends MetaOptimizer {
  readonly transforms: readonly GradientTransform[];
}

/**
 * Optimizer that applies transforms, or other optimizers, in order and adds the result to the parameters.
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

  /** Runs the first `count` transforms, keeping the input of each. */
  const forward = (
    { gradients, slots: before, params }: UpdateInput,
    c: Coefficients,
    count?: number,
  ) => {
    let updates = gradients;
    let slots: Slots = {};
    const inputs: TransformInput[] = [];
    for (const [i, transform] of transforms.slice(0, count).entries()) {
      const input = { updates, slots: slotsOf(transform, before), params };
      inputs.push(input);
      const output = transform.apply(input, ownOf(c, i));
      updates = output.updates;
      slots = { ...slots, ...output.slots };
    }
    return { updates, slots, inputs };
  };

  const measureAll: UpdateRule["measure"] = (input, c, norm) => {
    let known = c;
    for (const [i, { measure }] of transforms.entries()) {
      if (!measure) continue;
      const { updates } = forward(input, known, i);
      const ofUpdates = i === 0 ? norm : undefined; // the first transform reads the gradients
      known = { ...known, ...numbered(measure(updates, ofUpdates), i) };
    }
    return known;
  };

  const checkNames = (names: readonly string[]): void => {
    for (const transform of transforms) transform.checkNames?.(names);
  };

  const rule = defineOptimizer({
    name: transforms.map((transform) => transform.name).join(" > "),
    slotNames,

    checkNames,

    init(params) {
      checkNames(Object.keys(params));
      return {
        step: 0,
        update: 0,
        slots: Object.assign({}, ...transforms.map((transform) => transform.init(params))),
      };
    },

    coefficients: (state) =>
      Object.assign(
        {},
        ...transforms.map((transform, i) => numbered(numbers(transform, state), i)),
      ),

    ...(transforms.some(({ measure }) => measure) && { measure: measureAll }),

    apply: (input, c) =>
      tidy(() => {
        const { updates, slots } = forward(input, c);
        return { params: mapParams((p, u) => tf.add(p, u), input.params, updates), slots };
      }),

    adjoint: (given, c, cotangent) =>
      tidy(() => {
        const { inputs } = forward(given, c);
        // params' = params + updates
        const direct: Params[] = [cotangent.params];
        let updates = cotangent.params;
        const slots: Record<string, Params> = {};
        for (const [i, transform] of [...transforms.entries()].reverse()) {
          const own = Object.fromEntries(
            transform.slotNames.flatMap((name) => {
              const slot = cotangent.slots[name];
              return slot ? [[name, slot]] : [];
            }),
          );
          const input = inputs[i] as TransformInput;
          const adjoint = transform.adjoint(input, ownOf(c, i), { updates, slots: own });
          updates = adjoint.updates;
          Object.assign(slots, adjoint.slots);
          if (adjoint.params) direct.push(adjoint.params);
        }
        return { params: addParams(direct), gradients: updates, slots };
      }),

    kindOf: (name) => transforms.map((transform) => transform.kindOf?.(name) ?? "").join(" > "),

    learningRate: (state) => {
      for (const transform of transforms) {
        const { learningRate } = numbers(transform, state);
        if (learningRate !== undefined) return learningRate;
      }
      return 1;
    },
  });
  return { ...rule, transforms };
}

/** Names of transform `i`'s coefficients among those of all. */
function numbered<T>(values: Readonly<Record<string, T>>, i: number): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${i}.${name}`, value]));
}

function ownOf(c: Coefficients, i: number): Coefficients {
  const prefix = `${i}.`;
  return Object.fromEntries(
    Object.entries(c).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
}
