import * as tf from "@tensorflow/tfjs";
import { notDifferentiable } from "../notDifferentiable.js";
import { gradient, sumTo, zeros } from "./gradient.js";

type One = [tf.Tensor];
type Two = [tf.Tensor, tf.Tensor];

/** exp(x) where x is not above 0, and 1 elsewhere: what is not used cannot overflow. */
const expBelowZero = (x: tf.Tensor) => tf.exp(tf.minimum(x, 0));

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/** Operations on single elements. */
export function elementwise(): readonly tf.GradConfig[] {
  const stockPow = tf.getGradient(tf.Pow);
  return [
    // Those of TensorFlow.js save outputs. Computing these again makes graphs of fewer steps.
    gradient({
      kernelName: tf.Exp,
      inputs: ["x"],
      of: (dy, saved) => {
        const [x] = saved as One;
        return { x: () => tf.mul(dy, tf.exp(x)) };
      },
    }),
    gradient({
      kernelName: tf.Tanh,
      inputs: ["x"],
      of: (dy, saved) => {
        const [x] = saved as One;
        return { x: () => tf.mul(dy, tf.sub(1, tf.square(tf.tanh(x)))) };
      },
    }),
    gradient({
      kernelName: tf.Sigmoid,
      inputs: ["x"],
      of: (dy, saved) => {
        const [x] = saved as One;
        return {
          x: () => {
            const y = tf.sigmoid(x);
            return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
          },
        };
      },
    }),
    // Saves its output, and is a kernel that has no gradient.
    gradient({
      kernelName: tf.Elu,
      inputs: ["x"],
      of: (dy, saved) => {
        const [x] = saved as One;
        return { x: () => tf.mul(dy, expBelowZero(x)) };
      },
    }),
    // NaN in second order where exp(x) overflows.
    gradient({
      kernelName: tf.Selu,
      inputs: ["x"],
      of: (dy, saved) => {
        const [x] = saved as One;
        const slope = () =>
          tf.where(tf.greater(x, 0), seluScale, tf.mul(expBelowZero(x), seluScale * seluAlpha));
        return { x: () => tf.mul(dy, slope()) };
      },
    }),
    // By the exponent, NaN in second order where the base is 0.
    {
      kernelName: tf.Pow,
      inputsToSave: ["a", "b"],
      gradFunc(dy, saved, attributes) {
        const [base, exponent] = saved as Two;
        const byExponent = () => {
          const isPositive = tf.greater(base, 0);
          const log = tf.log(tf.where(isPositive, base, tf.onesLike(base)));
          const slope = tf.mul(tf.pow(base, tf.cast(exponent, "float32")), log);
          return sumTo(tf.mul(dy as tf.Tensor, slope), exponent.shape);
        };
        return { ...stockPow.gradFunc(dy, saved, attributes), b: byExponent };
      },
    },
    // Those of TensorFlow.js forget that an input may have been repeated.
    gradient({
      kernelName: tf.Maximum,
      inputs: ["a", "b"],
      of: (dy, saved) => chosen(dy, saved as Two, tf.greaterEqual),
    }),
    gradient({
      kernelName: tf.Minimum,
      inputs: ["a", "b"],
      of: (dy, saved) => chosen(dy, saved as Two, tf.lessEqual),
    }),
    gradient({
      kernelName: tf.SquaredDifference,
      inputs: ["a", "b"],
      of: (dy, saved) => {
        const [a, b] = saved as Two;
        const slope = () => tf.mul(dy, tf.mul(2, tf.sub(a, b)));
        return { a: () => sumTo(slope(), a.shape), b: () => sumTo(tf.neg(slope()), b.shape) };
      },
    }),
    // That of TensorFlow.js is the gradient of a division that does not round.
    gradient({
      kernelName: tf.FloorDiv,
      inputs: ["a", "b"],
      of: (_, saved) => {
        const [a, b] = saved as Two;
        return { a: () => zeros(a), b: () => zeros(b) };
      },
    }),
    // Complex numbers have no gradients in TensorFlow.js; this is where they would lose them silently.
    gradient<{ dtype: tf.DataType }>({
      kernelName: tf.Cast,
      of: (dy, _, { dtype }) => {
        if (dtype === "complex64") throw notDifferentiable("A cast to complex64", false);
        return { x: () => dy.clone() };
      },
    }),
  ];
}

/** The gradient goes to `a` where `isFirst(a, b)`, and else to `b`. */
function chosen(dy: tf.Tensor, [a, b]: Two, isFirst: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) {
  const first = () => tf.cast(isFirst(a, b), "float32");
  return {
    a: () => sumTo(tf.mul(dy, first()), a.shape),
    b: () => sumTo(tf.mul(dy, tf.sub(1, first())), b.shape),
  };
}
