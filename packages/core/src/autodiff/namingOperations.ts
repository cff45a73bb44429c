import { MetaError, messageOf } from "../errors.js";
import { notDifferentiable } from "./notDifferentiable.js";

/** Number of gradients computed so far in this process. */
let computed = 0;

/**
 * Computes a gradient; if an operation has none, the error names it and says what to do.
 *
 * @param f the function to differentiate
 * @param gradient computes the gradient of the function that it receives, a wrapped `f`
 * @throws MetaError `NOT_DIFFERENTIABLE`; errors of `f` as they are
 */
export function namingOperations<V, G>(f: () => V, gradient: (forward: () => V) => G): G {
  let isBackward = false;
  let isSecondOrder = false;
  const forward = () => {
    const before = computed;
    const value = f();
    isBackward = true;
    isSecondOrder = computed > before;
    return value;
  };
  try {
    const found = gradient(forward);
    computed++;
    return found;
  } catch (error) {
    throw isBackward ? named(error, isSecondOrder) : error;
  }
}

/** Messages in which TensorFlow.js names an operation that it cannot differentiate. */
const complaints: readonly RegExp[] = [
  /gradient function not found for (\w+)/,
  /^Error in gradient (?:of|for op) (\w+)/,
  /^Gradient for (\w+) operation is not implemented/,
  /^Cannot backprop through (input \w+)/,
];

function named(error: unknown, isSecondOrder: boolean): unknown {
  const message = messageOf(error).trim();
  const [, kernel, engine] =
    /^Kernel '(\w+)' not registered for backend '(\w+)'/.exec(message) ?? [];
  if (kernel) {
    return new MetaError(
      "NOT_DIFFERENTIABLE",
      `A gradient needs the kernel ${kernel}, which the engine "${engine}" lacks. Use another runtime: tensorflow has the most kernels, then cpu.`,
      { cause: error },
    );
  }
  const operation = complaints.map((complaint) => complaint.exec(message)?.[1]).find(Boolean);
  return operation
    ? notDifferentiable(`The operation ${operation.replace("__op", "")}`, isSecondOrder, error)
    : error;
}
