import * as tf from "@tensorflow/tfjs";
import type { CustomGradient, Engine, TapeNode } from "./engine.js";
import { noteUnproven, unobserved } from "./observed.js";
import { nowhere, placeBeforeUses } from "./placeBeforeUses.js";
import { repairs } from "./repairs.js";

const savingInputs = new WeakSet<object>();

/**
 * Declares that the gradient of a function for `tf.customGrad` is made of saved inputs alone, so that
 * nothing of what the function computes has to be recorded. Its second derivative has to be tested.
 */
export function savesInputsOnly<F extends object>(f: F): F {
  savingInputs.add(f);
  return f;
}

/**
 * Makes custom gradients right in second order, whatever they save.
 *
 * TensorFlow.js records nothing of what a custom gradient computes on the way there. A tensor of these
 * that `save` is given is then a constant to the second derivative, which is wrong without a word:
 * `tf.logSoftmax` saves its output and has a Hessian of exactly zero. Where the gradient is about to be
 * differentiated, these operations are recorded. The value itself has the custom gradient, also where
 * it is what was saved, as in PyTorch's `autograd.Function`.
 */
export function recordCustomGradients(engine: Engine): void {
  const { state } = engine;
  const stock = engine.customGrad.bind(engine);
  engine.customGrad = (f) => {
    const plain = stock(f);
    return (...inputs) => {
      const isTapeOn = state.gradientDepth > 0 && state.kernelDepth === 0;
      if (!isTapeOn || savingInputs.has(f)) return plain(...inputs);
      const scope = state.activeScope?.name ?? "";
      const repair = repairs[scope];
      if (!repair) noteUnproven("tf.customGrad");
      const own = repair?.(f) ?? withOwnValue(f);
      if (state.gradientDepth === 1) return stock(own)(...inputs);
      const start = state.activeTape.length;
      const run = () => stock(recorded(engine, own))(...inputs);
      const value = repair ? unobserved(run) : run();
      giveCustomGradient(state.activeTape, start, value);
      return value;
    };
  };
}

/** `f` with a value that is none of its inputs: the gradient of one that is would be added to its own. */
function withOwnValue(f: CustomGradient): CustomGradient {
  return (...args) => {
    const { value, gradFunc } = f(...args);
    return { value: args.includes(value) ? tf.clone(value) : value, gradFunc };
  };
}

/** `f` with what it computes on the tape. */
function recorded({ state }: Engine, f: CustomGradient): CustomGradient {
  const atDepth = <T>(depth: number, run: () => T): T => {
    const before = state.kernelDepth;
    state.kernelDepth = depth;
    try {
      return run();
    } finally {
      state.kernelDepth = before;
    }
  };
  return (...args) => {
    const save = args.pop() as tf.GradSaveFunc;
    const inside = state.kernelDepth;
    // TensorFlow.js records by itself what it saves.
    const saveInside = (tensors: Parameters<tf.GradSaveFunc>[0]) =>
      atDepth(inside, () => save(tensors));
    return atDepth(0, () => f(...args, saveInside as tf.GradSaveFunc));
  };
}

/**
 * Lets the value of a custom gradient depend on the inputs through that gradient alone, and not through
 * the operations that were recorded.
 *
 * @param start where on the tape they begin; the custom gradient is the last
 */
function giveCustomGradient(tape: TapeNode[], start: number, value: tf.Tensor): void {
  const made = tape.slice(start).filter(({ outputs }) => outputs.some(({ id }) => id === value.id));
  const custom = made.pop();
  for (const node of made) {
    node.outputs = node.outputs.map((output) => (output.id === value.id ? nowhere : output));
  }
  if (custom) placeBeforeUses(tape, start, custom);
}
