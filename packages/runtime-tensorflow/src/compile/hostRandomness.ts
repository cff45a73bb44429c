import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { userLine } from "./sourceLine.js";

/** Operations that draw their numbers in JavaScript. */
const drawing =
  /^(dropout|rand|random(Gamma|Normal|StandardNormal|Uniform|UniformInt)|truncatedNormal)(__op)?$/;

/**
 * Refuses random numbers from JavaScript in a traced function, where they would be the same on every call. Call it when
 * such a function makes a tensor of JavaScript numbers.
 *
 * @throws MetaError `NOT_COMPILABLE` when the numbers come from one of TensorFlow.js's generators
 */
export function refuseHostRandomness(functionName: string): void {
  const scopes: readonly { readonly name: string }[] = tf.engine().state.scopeStack;
  const scope = scopes.find(({ name }) => drawing.test(name));
  if (!scope) return;
  throw new MetaError(
    "NOT_COMPILABLE",
    `${functionName}: tf.${scope.name.replace("__op", "")}${userLine()} draws its numbers in JavaScript, ` +
      "which a compiled function would do once and not on each call. Draw outside and pass the numbers as an argument.",
  );
}
