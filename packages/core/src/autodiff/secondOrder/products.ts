import * as tf from "@tensorflow/tfjs";
import { notDifferentiable } from "../notDifferentiable.js";
import { sumTo } from "./gradient.js";

/** Gradients of matrix products and einsum. */
export function products(): readonly tf.GradConfig[] {
  const stock = tf.getGradient(tf.BatchMatMul);
  return [
    // The gradient of TensorFlow.js ignores broadcasting of batch dimensions.
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

/** Gradient with respect to operand `i`: the product of `dy` and the others, broadcast along axes that only operand `i` has. */
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
  const others = terms.flatMap((labels, j) =>
    j === i ? [] : [summed({ labels, tensor: operands[j] as tf.Tensor }, [...own, ...result])],
  );
  const factors = result === "" ? others : [{ labels: result, tensor: dy }, ...others];
  const shared = own.filter((label) => factors.some(({ labels }) => labels.includes(label)));
  const product = productOf(factors, shared.join(""));
  const weighted = result === "" ? tf.mul(product, dy) : product;
  const aligned = own.map((label, axis) => (shared.includes(label) ? (shape[axis] as number) : 1));
  return tf.mul(tf.reshape(weighted, aligned), tf.ones(shape));
}

interface Labelled {
  readonly labels: string;
  readonly tensor: tf.Tensor;
}

/** Sums over all labels that are not kept. The JavaScript kernel omits this sum if only one operand has the label. */
function summed({ labels, tensor }: Labelled, kept: readonly string[]): Labelled {
  const axes = [...labels].flatMap((label, axis) => (kept.includes(label) ? [] : [axis]));
  const rest = [...labels].filter((label) => kept.includes(label)).join("");
  return axes.length === 0 ? { labels, tensor } : { labels: rest, tensor: tf.sum(tensor, axes) };
}

function productOf(factors: readonly Labelled[], result: string): tf.Tensor {
  const [first, ...more] = factors;
  if (!first) return tf.scalar(1);
  if (more.length === 0) {
    const { labels, tensor } = summed(first, [...result]);
    const order = [...result].map((label) => labels.indexOf(label));
    return tf.transpose(tensor, order);
  }
  const left = factors.map(({ labels }) => labels).join(",");
  return tf.einsum(`${left}->${result}`, ...factors.map(({ tensor }) => tensor));
}
