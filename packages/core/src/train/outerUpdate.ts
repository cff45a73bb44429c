import type * as tf from "@tensorflow/tfjs";
import { coefficients, type MetaOptimizer, nextCount, type OptimizerState } from "../optimizer.js";
import type { Params } from "../params.js";
import type { TensorRuntime } from "../runtime.js";
import { tidy } from "../tidy.js";

/** The update of a meta-optimizer, made tensor by tensor. */
export type OuterUpdate = (
  gradients: Params,
  state: OptimizerState,
  params: Params,
  /** Frees a tensor that the update has replaced. */
  release: (tensor: tf.Tensor) => void,
) => { params: Params; state: OptimizerState };

/**
 * An update that takes one tensor at a time and releases gradient, moments and parameter of each as
 * soon as they are replaced: old and new never lie beside each other in full.
 */
export function outerUpdate(
  optimizer: MetaOptimizer,
  runtime?: Pick<TensorRuntime, "compile">,
): OuterUpdate {
  const compile: TensorRuntime["compile"] = runtime?.compile ?? ((fn) => fn);
  const apply = compile(optimizer.apply, { name: "update" });
  const measure = optimizer.measure && compile(optimizer.measure, { name: "update measures" });
  // Tensors of one kind and shape go by the first one's name, so that they share what is compiled.
  const aliases = new Map<string, string>();
  const aliasOf = (name: string, { shape }: tf.Tensor) => {
    const kind = `${optimizer.kindOf?.(name) ?? ""} [${shape}]`;
    const alias = aliases.get(kind) ?? name;
    aliases.set(kind, alias);
    return alias;
  };

  return (gradients, state, params, release) => {
    const next: Record<string, tf.Tensor> = {};
    const slots = Object.fromEntries(
      optimizer.slotNames.map((slot) => [slot, {} as Record<string, tf.Tensor>]),
    );
    const c = tidy(() => {
      const numbers = coefficients(optimizer, state);
      return measure ? measure({ gradients, slots: state.slots, params }, numbers) : numbers;
    });
    for (const [name, param] of Object.entries(params)) {
      const alias = aliasOf(name, param);
      const only = (all: Params) => ({ [alias]: all[name] as tf.Tensor });
      const own = Object.entries(state.slots).map(([slot, all]) => [slot, only(all)] as const);
      const input = {
        gradients: only(gradients),
        slots: Object.fromEntries(own),
        params: only(params),
      };
      const updated = apply(input, c);
      next[name] = updated.params[alias] as tf.Tensor;
      for (const [slot, all] of Object.entries(slots)) {
        all[name] = updated.slots[slot]?.[alias] as tf.Tensor;
      }
      for (const used of [input.params, input.gradients, ...own.map(([, slot]) => slot)]) {
        release(used[alias] as tf.Tensor);
      }
    }
    for (const number of Object.values(c)) number.dispose();
    return { params: next, state: { ...nextCount(state), slots } };
  };
}
