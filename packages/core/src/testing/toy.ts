import * as tf from "@tensorflow/tfjs";
import type { Model } from "../model.js";
import type { Params } from "../params.js";
import { randomFor } from "../random.js";
import type { TaskSampler } from "../task.js";

/** Points of a curve: `[points, 1]` each. */
export interface ToyBatch extends Readonly<Record<string, tf.Tensor>> {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** A regression network of twelve parameters, for tests that need some model. */
export function toyModel(): Model<ToyBatch> {
  return {
    name: "toy",
    async init(seed) {
      const draw = (name: string, shape: [number, number]) => {
        const random = randomFor(seed, "toy", name);
        const values = Array.from({ length: shape[0] * shape[1] }, () => random.normal());
        return tf.tensor2d(values, shape);
      };
      return { "in.weight": draw("in", [1, 6]), "out.weight": draw("out", [6, 1]) };
    },
    loss: (params: Params, { x, y }) =>
      tf.tidy(() => {
        const hidden = tf.tanh(tf.matMul(x as tf.Tensor2D, params["in.weight"] as tf.Tensor2D));
        const output = tf.matMul(hidden, params["out.weight"] as tf.Tensor2D);
        return tf.mean(tf.square(tf.sub(output, y))) as tf.Scalar;
      }),
  };
}

/** Tasks for {@link toyModel}: sines of random amplitude and phase. */
export function toySampler(seed: number): TaskSampler<ToyBatch> {
  let episodes = 0;
  const batch = (task: number, part: string): ToyBatch => {
    const curve = randomFor(seed, task);
    const [amplitude, phase] = [0.1 + curve.uniform(), Math.PI * curve.uniform()];
    const points = randomFor(seed, task, part);
    const x = Array.from({ length: 5 }, () => 6 * points.uniform() - 3);
    const y = x.map((value) => amplitude * Math.sin(value - phase));
    return { x: tf.tensor2d(x, [5, 1]), y: tf.tensor2d(y, [5, 1]) };
  };
  return {
    next: ({ tasks, support }) =>
      Array.from({ length: tasks }, () => {
        const task = episodes++;
        return {
          tasks: [`sine ${task}`],
          support: Array.from({ length: support }, (_, i) => batch(task, `support ${i}`)),
          query: batch(task, "query"),
        };
      }),
    state: () => ({ episodes }),
    restore: (state) => {
      episodes = state.episodes ?? 0;
    },
  };
}
