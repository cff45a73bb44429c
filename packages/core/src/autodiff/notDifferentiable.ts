import { MetaError } from "../errors.js";

/**
 * Makes the error for an operation without a gradient, or, with `isSecondOrder`, without a second
 * derivative: MetaError `NOT_DIFFERENTIABLE`.
 */
export function notDifferentiable(
  operation: string,
  isSecondOrder: boolean,
  cause?: unknown,
): MetaError {
  const what = isSecondOrder ? "second derivative" : "gradient";
  const way = isSecondOrder
    ? `Take first-order meta-gradients (order: 1), or Hessian-vector products by finite differences (hvp: "finite-difference"), or write it with other operations.`
    : "Write it with other operations.";
  return new MetaError(
    "NOT_DIFFERENTIABLE",
    `${operation} has no ${what}. ${way} docs/second-order-operations.md lists what has one.`,
    { cause },
  );
}
