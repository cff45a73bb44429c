import * as tf from "@tensorflow/tfjs";
import type { Engine, Inputs } from "./engine.js";
import { noteKink, noteUnproven } from "./observed.js";
import { nowhere, placeBeforeUses } from "./placeBeforeUses.js";

/**
 * Patches the recording of operations so that gradients can be differentiated again:
 *
 * - Saved outputs depend on the inputs, instead of being constants.
 * - Integers and booleans are constants, because functions with such values are piecewise constant. So a
 *   comparison needs no gradient, and a cast to int32 has none.
 * - Omitted optional inputs are not recorded: TensorFlow.js would fail on them.
 *
 * @param isProven true for gradients whose second order has been compared with finite differences
 */
export function recordOperations(
  engine: Engine,
  isProven: (gradient: tf.GradConfig) => boolean,
): void {
  const stock = engine.addTapeNode.bind(engine);
  engine.addTapeNode = (kernelName, inputs, outputs, gradient, saved, attributes) => {
    const all = given(inputs);
    if (!outputs.some(isDifferentiable)) {
      for (const tensor of saved) tensor.dispose();
      if (Object.values(all).some(isDifferentiable)) noteKink();
      return;
    }
    stock(kernelName, all, outputs, gradient, saved, attributes);
    const { activeTape: tape } = engine.state;
    const node = tape.at(-1);
    if (!node) return;
    if (!outputs.every(isDifferentiable)) {
      node.outputs = outputs.map((output) => (isDifferentiable(output) ? output : nowhere));
    }
    const registered = gradient ? undefined : tf.getGradient(kernelName);
    if (!registered) return;
    if (registered.outputsToSave) placeBeforeUses(tape, tape.length - 1 - saved.length, node);
    if (kinked.has(kernelName)) noteKink();
    if (!isProven(registered)) noteUnproven(kernelName);
  };
}

/** Kernels with real outputs whose gradient, or value, has jumps. */
const kinked: ReadonlySet<string> = new Set([
  tf.Abs,
  tf.Ceil,
  tf.ClipByValue,
  tf.Dilation2D,
  tf.Floor,
  tf.FloorDiv,
  tf.LeakyRelu,
  tf.Max,
  tf.MaxPool,
  tf.MaxPool3D,
  tf.MaxPoolWithArgmax,
  tf.Maximum,
  tf.Min,
  tf.Minimum,
  tf.Mod,
  tf.Prelu,
  tf.Relu,
  tf.Relu6,
  tf.Round,
  tf.Selu,
  tf.Sign,
  tf.Step,
  tf.TopK,
]);

function isDifferentiable({ dtype }: tf.Tensor): boolean {
  return dtype === "float32" || dtype === "complex64";
}

function given(inputs: Inputs): Record<string, tf.Tensor> {
  const all = Object.entries(inputs);
  const present = all.filter((entry): entry is [string, tf.Tensor] => entry[1] !== undefined);
  // Some kernels take a list of inputs, which must stay an array.
  return present.length === all.length
    ? (inputs as Record<string, tf.Tensor>)
    : Object.fromEntries(present);
}
