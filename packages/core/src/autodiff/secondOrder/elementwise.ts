import * as tf from "@tensorflow/tfjs";
import { notDifferentiable } from "../notDifferentiable.js";
import { gradient, sumTo, zeros } from "./gradient.js";

type One = [tf.Tensor];
type Two = [tf.Tensor, tf.Tensor];

/** exp(x) for x <= 0, and 1 elsewhere, so that the unused branch cannot overflow. */
const expBelowZero = (x: tf.Tensor) => tf.exp(tf.minimum(x, 0));

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;

/** Gradients of elementwise operations. */
export function elementwise(): readonly tf.GradConfig[] {
  const stockPow = tf.getGradient(tf.Pow);
  return [
    // The gradients of TensorFlow.js save outputs. Recomputing the outputs makes smaller graphs.
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
    // The gradient of TensorFlow.js is a kernel of its own, without a gradient.
    gradient({
      kernelName: tf.Elu,
      inputs: ["x"],
      of: (dy, saved) => {
        const [x] = saved as One;
        return { x: () => tf.mul(dy, expBelowZero(x)) };
      },
    }),
    // The gradient of TensorFlow.js is NaN in second order where exp(x) overflows.
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
    // With respect to the exponent, that of TensorFlow.js is NaN in second order where the base is 0.
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
    // The gradients of TensorFlow.js ignore broadcasting.
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
    // TensorFlow.js has the gradient of a division without rounding.
    gradient({
      kernelName: tf.FloorDiv,
      inputs: ["a", "b"],
      of: (_, saved) => {
        const [a, b] = saved as Two;
        return { a: () => zeros(a), b: () => zeros(b) };
      },
    }),
    // Complex numbers have no gradients in TensorFlow.js; a cast to them would lose the gradient silently.
    gradient<{ dtype: tf.DataType }>({
      kernelName: tf.Cast,
      of: (dy, _, { dtype }) => {
        if (dtype === "complex64") throw notDifferentiable("A cast to complex64", false);
        return { x: () => dy.clone() };
      },
    }),
  ];
}

/** Passes the gradient to `a` where `isFirst(a, b)` is true, and to `b` elsewhere. */
function chosen(dy: tf.Tensor, [a, b]: Two, isFirst: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) {
  const first = () => tf.cast(isFirst(a, b), "float32");
  return {
    a: () => sumTo(tf.mul(dy, first()), a.shape),
    b: () => sumTo(tf.mul(dy, tf.sub(1, first())), b.shape),
  };
}
