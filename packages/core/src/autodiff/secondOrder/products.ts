import * as tf from "@tensorflow/tfjs";
import { notDifferentiable } from "../notDifferentiable.js";
import { sumTo } from "./gradient.js";

/** Products of matrices and tensors. */
export function products(): readonly tf.GradConfig[] {
  const stock = tf.getGradient(tf.BatchMatMul);
  return [
    // That of TensorFlow.js forgets that a side may have been repeated for the other's batch.
    {
      ...stock,
      gradFunc(dy, saved, attributes) {
        const [a, b] = saved as [tf.Tensor, tf.Tensor];
        const whole = stock.gradFunc(dy, saved, attributes) as Record<"a" | "b", () => tf.Tensor>;
        return { a: () => sumTo(whole.a(), a.shape), b: () => sumTo(whole.b(), b.shape) };
      },
    },
    {
      kernelName: tf.Einsum,
      saveAllInputs: true,
      gradFunc(dy, operands, attributes) {
        const { equation } = attributes as { equation: string };
        const gradients = operands.map((_, i) => [
          String(i),
          () => einsumGradient(equation, dy as tf.Tensor, operands, i),
        ]);
        return Object.fromEntries(gradients);
      },
    },
  ];
}

/** The gradient by operand `i`: an einsum of the others and `dy`, repeated along what only it had. */
function einsumGradient(
  equation: string,
  dy: tf.Tensor,
  operands: readonly tf.Tensor[],
  i: number,
): tf.Tensor {
  const [left = "", result = ""] = equation.replace(/\s/g, "").split("->");
  const terms = left.split(",");
  const own = [...(terms[i] as string)];
  const { shape } = operands[i] as tf.Tensor;
  if (new Set(own).size < own.length) throw notDifferentiable(`tf.einsum("${equation}")`, false);
  const factors = [
    ...(result === "" ? [] : [{ term: result, tensor: dy }]),
    ...terms.flatMap((term, j) => (j === i ? [] : [{ term, tensor: operands[j] as tf.Tensor }])),
  ];
  const shared = own.filter((label) => factors.some(({ term }) => term.includes(label)));
  const product =
    factors.length === 0
      ? tf.scalar(1)
      : tf.einsum(
          `${factors.map(({ term }) => term).join(",")}->${shared.join("")}`,
          ...factors.map(({ tensor }) => tensor),
        );
  const weighted = result === "" ? tf.mul(product, dy) : product;
  const aligned = own.map((label, axis) => (shared.includes(label) ? (shape[axis] as number) : 1));
  return tf.mul(tf.reshape(weighted, aligned), tf.ones(shape));
}
