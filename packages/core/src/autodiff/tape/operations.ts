import * as tf from "@tensorflow/tfjs";
import type { Engine, Inputs } from "./engine.js";
import { note } from "./observed.js";
import { nowhere, placeBeforeUses } from "./placeBeforeUses.js";

/**
 * Makes what is recorded of every operation fit to be differentiated again:
 *
 * - Outputs that are saved depend on the inputs.
 * - Integers and booleans are constants: a function with such values changes nowhere, or jumps. So a
 *   comparison needs no gradient, and a cast to int32 has none.
 * - Optional inputs that were left out are not recorded, which TensorFlow.js cannot bear.
 *
 * @param isProven whether this gradient has been compared with finite differences in second order
 */
export function recordOperations(
  engine: Engine,
  isProven: (gradient: tf.GradConfig) => boolean,
): void {
  const stock = engine.addTapeNode.bind(engine);
  engine.addTapeNode = (kernelName, inputs, outputs, gradient, saved, attributes) => {
    if (!outputs.some(isDifferentiable)) {
      for (const tensor of saved) tensor.dispose();
      return;
    }
    stock(kernelName, given(inputs), outputs, gradient, saved, attributes);
    const { activeTape: tape } = engine.state;
    const node = tape.at(-1);
    if (!node) return;
    if (!outputs.every(isDifferentiable)) {
      node.outputs = outputs.map((output) => (isDifferentiable(output) ? output : nowhere));
    }
    const registered = gradient ? undefined : tf.getGradient(kernelName);
    if (!registered) return;
    if (registered.outputsToSave) placeBeforeUses(tape, tape.length - 1 - saved.length, node);
    if (!isProven(registered)) note(kernelName);
  };
}

function isDifferentiable({ dtype }: tf.Tensor): boolean {
  return dtype === "float32" || dtype === "complex64";
}

function given(inputs: Inputs): Inputs {
  if (Object.values(inputs).every(Boolean)) return inputs;
  return Object.fromEntries(Object.entries(inputs).filter(([, tensor]) => tensor));
}
