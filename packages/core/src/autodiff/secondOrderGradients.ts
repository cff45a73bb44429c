import * as tf from "@tensorflow/tfjs";

/**
 * Gradients that stay right when they are differentiated again.
 *
 * TensorFlow.js ships gradients of these operations that use the operation's saved *output*. The
 * saved copy is not connected to the input on the tape, so that the second derivative silently
 * loses a term (it is off by 62 to 113 % for compositions such as `tanh(x * x)`). Recomputing the
 * output from the saved input keeps the connection.
 */
const gradients: readonly tf.GradConfig[] = [
  {
    kernelName: "Exp",
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(one(dy), tf.exp(one(x))) }),
  },
  {
    kernelName: "Tanh",
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({
      x: () => tf.mul(one(dy), tf.sub(1, tf.square(tf.tanh(one(x))))),
    }),
  },
  {
    kernelName: "Sigmoid",
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({
      x: () => {
        const y = tf.sigmoid(one(x));
        return tf.mul(one(dy), tf.mul(y, tf.sub(1, y)));
      },
    }),
  },
  {
    kernelName: "Softmax",
    inputsToSave: ["logits"],
    gradFunc: (dy, [logits], attributes) => ({
      logits: () => {
        const { dim } = attributes as unknown as { dim: number };
        const y = tf.softmax(one(logits), dim);
        const weighted = tf.mul(one(dy), y);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, dim, true), y));
      },
    }),
  },
];

/** TensorFlow.js passes a tensor or, for operations with several outputs, a list. */
function one(value: tf.Tensor | tf.Tensor[] | undefined): tf.Tensor {
  if (value === undefined || Array.isArray(value)) {
    throw new TypeError("expected exactly one tensor");
  }
  return value;
}

let registered = false;

/**
 * Replaces TensorFlow.js's gradients of Exp, Tanh, Sigmoid and Softmax. `valueAndGradients` and
 * `hessianVectorProduct` call it themselves; call it before using `tf.grads` of `tf.grads` directly.
 */
export function registerSecondOrderGradients(): void {
  if (registered) return;
  for (const config of gradients) {
    tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config);
  }
  registered = true;
}
