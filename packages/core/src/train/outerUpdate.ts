import type * as tf from "@tensorflow/tfjs";
import {
  coefficients,
  type MetaOptimizer,
  mapSlots,
  nextCount,
  type OptimizerState,
} from "../contracts/optimizer.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { disposeParams, type Params, tensorNamed } from "../params.js";
import { tidy } from "../tidy.js";

/** The update of a meta-optimizer, made part by part. */
export type OuterUpdate = (
  gradients: Params,
  state: OptimizerState,
  params: Params,
  more: {
    /** Norm over all gradients together. */
    readonly norm: tf.Scalar;
    /** A tensor for the update to use up: the one given, or a clone where that is still needed. */
    take(tensor: tf.Tensor): tf.Tensor;
  },
) => { params: Params; state: OptimizerState };

/** Tensors from this size on are updated one by one, smaller ones together. */
const large = 1_000_000;

/**
 * An update that takes one large tensor at a time and uses up gradient, moments and parameter of
 * each, in place where the runtime can: old and new never lie beside each other in full.
 */
export function outerUpdate(
  optimizer: MetaOptimizer,
  runtime?: Pick<TensorRuntime, "compile">,
): OuterUpdate {
  const compile: TensorRuntime["compile"] = runtime?.compile ?? ((fn) => fn);
  const apply = compile(optimizer.apply, { name: "update", donate: [0] });
  // A large tensor goes by the name of the first of its kind and shape, so that all of those share
  // what is compiled.
  const aliases = new Map<string, string>();
  const aliasOf = (name: string, { shape, size }: tf.Tensor) => {
    if (size < large) return name;
    const kind = `${optimizer.kindOf?.(name) ?? ""} [${shape}]`;
    const alias = aliases.get(kind) ?? name;
    aliases.set(kind, alias);
    return alias;
  };

  return (gradients, state, params, { norm, take }) => {
    // Copies keep the order of the names.
    const next = { ...params };
    const slots = mapSlots(state.slots, (all) => ({ ...all }));
    const c = tidy(() => {
      const numbers = coefficients(optimizer, state);
      const input = { gradients, slots: state.slots, params };
      return optimizer.measure?.(input, numbers, norm) ?? numbers;
    });
    for (const names of partsOf(params)) {
      const aliased = names.map(
        (name) => [name, aliasOf(name, tensorNamed(params, name))] as const,
      );
      const part = (all: Params) =>
        Object.fromEntries(aliased.map(([name, alias]) => [alias, take(tensorNamed(all, name))]));
      const input = {
        gradients: part(gradients),
        slots: mapSlots(state.slots, part),
        params: part(params),
      };
      const updated = apply(input, c);
      for (const [name, alias] of aliased) {
        next[name] = tensorNamed(updated.params, alias);
        for (const [slot, all] of Object.entries(slots)) {
          all[name] = tensorNamed(updated.slots[slot] ?? {}, alias);
        }
      }
      for (const used of [input.gradients, input.params, ...Object.values(input.slots)]) {
        disposeParams(used);
      }
    }
    for (const number of Object.values(c)) if (number !== norm) number.dispose();
    return { params: next, state: { ...nextCount(state), slots } };
  };
}

/** Names of the tensors that are updated at once: small ones, then each large one, the largest last. */
function partsOf(params: Params): string[][] {
  const sizeOf = (name: string) => tensorNamed(params, name).size;
  const names = Object.keys(params);
  const small = names.filter((name) => sizeOf(name) < large);
  const others = names.filter((name) => sizeOf(name) >= large);
  const alone = others.sort((a, b) => sizeOf(a) - sizeOf(b)).map((name) => [name]);
  return small.length > 0 ? [small, ...alone] : alone;
}
