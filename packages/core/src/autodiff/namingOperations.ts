import { messageOf } from "../errors.js";
import { notDifferentiable } from "./notDifferentiable.js";

/** Gradients that were computed so far. */
let computed = 0;

/**
 * Computes a gradient, with errors that name the operation that has none and say what to do.
 *
 * @param f what is differentiated
 * @param gradient computes the gradient of the function that it is given, which is `f`
 * @throws MetaError `NOT_DIFFERENTIABLE`; whatever `f` throws
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
    const operation = isBackward ? operationIn(messageOf(error)) : undefined;
    throw operation ? notDifferentiable(operation, isSecondOrder, error) : error;
  }
}

/** How TensorFlow.js says which operation it cannot differentiate. */
const complaints = [
  /gradient function not found for (\w+)/,
  /^Error in gradient (?:of|for op) (\w+)/,
  /^Gradient for (\w+) operation is not implemented/,
  /^Kernel '(\w+)' not registered for backend/,
];

function operationIn(message: string): string | undefined {
  for (const complaint of complaints) {
    const [, operation] = complaint.exec(message) ?? [];
    if (operation) return `The operation ${operation} (${message})`;
  }
  return /^Cannot backprop through input/.test(message)
    ? `An operation (${message.replace(/\.$/, "")})`
    : undefined;
}
