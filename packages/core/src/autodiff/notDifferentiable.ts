import { MetaError } from "../errors.js";

/** The error for an operation that has no derivative, or none that can be differentiated again. */
export function notDifferentiable(
  operation: string,
  isSecondOrder: boolean,
  cause?: unknown,
): MetaError {
  const way = isSecondOrder
    ? `Use a learner's order: 1, or hvp: "finite-difference" (train.hvp in a config), which need first derivatives only; or write it with other operations.`
    : "Write it with other operations, or give it a gradient with tf.customGrad.";
  return new MetaError(
    "NOT_DIFFERENTIABLE",
    `${operation} has no ${isSecondOrder ? "second derivative" : "gradient"}. ${way} docs/second-order.md lists what has one.`,
    { cause },
  );
}
