import * as tf from "@tensorflow/tfjs";
import type { Model } from "../contracts/model.js";
import type { TaskSampler } from "../contracts/task.js";
import type { Params } from "../params.js";
import { randomFor } from "../random.js";

/** Points of a curve: x and y, both `[points, 1]`. */
export interface ToyBatch extends Readonly<Record<string, tf.Tensor>> {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** Makes a regression network of twelve parameters, for tests that need a small model. */
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

/** Makes a sampler for {@link toyModel}: sines of random amplitude and phase, five points per batch. */
export function toySampler(seed: number): TaskSampler<ToyBatch> {
  let episodes = 0;
  /** Draws and joins batches of points. The names of task and part seed the draws. */
  const join = (batches: readonly (readonly [task: string, part: string])[]): ToyBatch => {
    const points = batches.flatMap(([task, part]) => {
      const curve = randomFor(seed, task);
      const [amplitude, phase] = [0.1 + curve.uniform(), Math.PI * curve.uniform()];
      const random = randomFor(seed, task, part);
      return Array.from({ length: 5 }, () => {
        const x = 6 * random.uniform() - 3;
        return [x, amplitude * Math.sin(x - phase)] as const;
      });
    });
    const column = (values: number[]) => tf.tensor2d(values, [values.length, 1]);
    return { x: column(points.map(([x]) => x)), y: column(points.map(([, y]) => y)) };
  };
  return {
    next: ({ tasks, support, query, querySource }) =>
      Array.from({ length: tasks }, () => {
        const task = `sine ${episodes++}`;
        const shown = Array.from({ length: support }, (_, i) => [task, `support ${i}`] as const);
        const other = querySource === "other-tasks" ? `${task}, for its query` : task;
        const asked = Array.from({ length: query }, (_, i) => [other, `query ${i}`] as const);
        return {
          tasks: [task],
          support: shown.map((batch) => join([batch])),
          query: join(querySource === "same-examples" ? shown : asked),
        };
      }),
    state: () => ({ episodes }),
    restore: (state) => {
      episodes = state.episodes ?? 0;
    },
  };
}
