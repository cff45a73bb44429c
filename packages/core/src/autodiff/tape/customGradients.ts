import * as tf from "@tensorflow/tfjs";
import type { CustomGradient, Engine, TapeNode } from "./engine.js";
import { noteUnproven, unobserved } from "./observed.js";
import { nowhere, placeBeforeUses } from "./placeBeforeUses.js";
import { repairs } from "./repairs.js";

const savingInputs = new WeakSet<object>();

/**
 * Declares that the gradient of a function for `tf.customGrad` uses saved inputs only, so that the
 * operations inside the function need not be recorded. Its second derivative has to be tested.
 */
export function savesInputsOnly<F extends object>(f: F): F {
  savingInputs.add(f);
  return f;
}

/**
 * Corrects the second derivative of custom gradients that save intermediate results.
 *
 * TensorFlow.js does not record the operations inside a custom gradient's forward function. A result of
 * theirs that is saved is then a constant to the second derivative, which is silently wrong:
 * `tf.logSoftmax` saves its output, so its Hessian is exactly zero. If the gradient is going to be
 * differentiated, this patch records those operations. The value itself keeps the custom gradient, even
 * if it is the saved tensor, as in PyTorch's `autograd.Function`.
 */
export function recordCustomGradients(engine: Engine): void {
  const stock = engine.customGrad.bind(engine);
  engine.customGrad = (f) => {
    const plain = stock(f);
    return (...inputs) => {
      const { state } = engine; // read at each call: a reset replaces it
      const isTapeOn = state.gradientDepth > 0 && state.kernelDepth === 0;
      if (!isTapeOn || savingInputs.has(f)) return plain(...inputs);
      const scope = state.activeScope?.name ?? "";
      const repair = repairs.get(scope);
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

/** Copies the value of `f` if it is one of the inputs: both gradients would be added up under one id. */
function withOwnValue(f: CustomGradient): CustomGradient {
  return (...args) => {
    const { value, gradFunc } = f(...args);
    return { value: args.includes(value) ? tf.clone(value) : value, gradFunc };
  };
}

/** Wraps `f` so that the operations inside it are recorded on the tape. */
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
    // TensorFlow.js records saved tensors itself.
    const saveInside = (tensors: Parameters<tf.GradSaveFunc>[0]) =>
      atDepth(inside, () => save(tensors));
    return atDepth(0, () => f(...args, saveInside as tf.GradSaveFunc));
  };
}

/**
 * Detaches the value of a custom gradient from the recorded operations, so that it depends on the inputs
 * through the custom gradient only.
 *
 * @param start index of the first recorded operation on the tape; the custom gradient is the last node
 */
function giveCustomGradient(tape: TapeNode[], start: number, value: tf.Tensor): void {
  const made = tape.slice(start).filter(({ outputs }) => outputs.some(({ id }) => id === value.id));
  const custom = made.pop();
  for (const node of made) {
    node.outputs = node.outputs.map((output) => (output.id === value.id ? nowhere : output));
  }
  if (custom) placeBeforeUses(tape, start, custom);
}
