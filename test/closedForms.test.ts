// Where every learner ends on quadratic losses, against the closed form of its fixed point. For tasks with Hessians
// S_i and optima w_i all of them solve sum_i M_i (w - w_i) = 0, and differ in M_i alone.
import {
  anil,
  bmg,
  boil,
  fomaml,
  imaml,
  lslr,
  maml,
  mamlEnLlm,
  metaSgd,
  reptile,
} from "@metalearn/algorithms-maml";
import { metaicl } from "@metalearn/algorithms-metaicl";
import {
  type EpisodeShape,
  type ExampleBatch,
  type Learner,
  type Model,
  metaTrain,
  type Params,
  tensorNamed,
} from "@metalearn/core";
import { type LinearOptions, linear } from "@metalearn/datasets-synthetic";
import { mlp } from "@metalearn/models-mlp";
import { sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";

type Matrix = readonly (readonly number[])[];

interface Task {
  readonly hessian: Matrix;
  readonly optimum: readonly number[];
}

type LinearTask = LinearOptions["tasks"][number];

const innerRate = 0.4;

const range = (length: number) => Array.from({ length }, (_, i) => i);
const identity: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const combine = (a: Matrix, b: Matrix, scale: number): Matrix =>
  a.map((row, i) => row.map((value, j) => value + scale * Number(b[i]?.[j])));
const product = (...[first = [], ...others]: Matrix[]): Matrix =>
  others.reduce(
    (a, b) =>
      a.map((row) =>
        range(b[0]?.length ?? 0).map((j) =>
          row.reduce((sum, value, k) => sum + value * Number(b[k]?.[j]), 0),
        ),
      ),
    first,
  );
const transposed = (a: Matrix): Matrix =>
  range(a[0]?.length ?? 0).map((j) => a.map((row) => Number(row[j])));
const power = (a: Matrix, count: number) => product(identity, ...range(count).map(() => a));
const column = (values: readonly number[]): Matrix => values.map((value) => [value]);

/** Solution of a linear system by Gauss-Jordan elimination. */
function solve(a: Matrix, b: Matrix): Matrix {
  const rows = a.map((row, i) => [...row, ...(b[i] ?? [])]);
  for (const i of range(rows.length)) {
    const pivot = range(rows.length)
      .slice(i)
      .reduce((best, k) =>
        Math.abs(Number(rows[k]?.[i])) > Math.abs(Number(rows[best]?.[i])) ? k : best,
      );
    [rows[i], rows[pivot]] = [rows[pivot] as number[], rows[i] as number[]];
    const head = rows[i]?.map((value) => value / Number(rows[i]?.[i])) ?? [];
    rows[i] = head;
    for (const k of range(rows.length)) {
      if (k === i) continue;
      const factor = Number(rows[k]?.[i]);
      rows[k] = rows[k]?.map((value, j) => value - factor * Number(head[j])) ?? [];
    }
  }
  return rows.map((row) => row.slice(a.length));
}

// Three tasks of three weights; the eigenvalues of their Hessians lie between 0.4 and 1.3.
const tasks: readonly Task[] = [
  {
    hessian: [
      [1, 0.2, 0.1],
      [0.2, 0.8, -0.1],
      [0.1, -0.1, 0.6],
    ],
    optimum: [1, -0.5, 0.3],
  },
  {
    hessian: [
      [0.7, -0.1, 0],
      [-0.1, 1.1, 0.3],
      [0, 0.3, 0.9],
    ],
    optimum: [-0.4, 0.8, 1.2],
  },
  {
    hessian: [
      [0.6, 0.05, -0.15],
      [0.05, 0.5, 0.05],
      [-0.15, 0.05, 1.2],
    ],
    optimum: [0.2, 1.5, -0.9],
  },
];

/** `(w - optimum)' hessian (w - optimum) / 2` of the weights `body` `[2]` and `head` `[1]`. */
const quadratic: Model<ExampleBatch> = {
  name: "quadratic",
  init: async () => ({ body: tf.tensor1d([0.5, 0]), head: tf.tensor1d([-0.5]) }),
  loss: (params, { x: hessian, y: optimum }) =>
    tf.tidy(() => {
      const weights = tf.concat([tensorNamed(params, "body"), tensorNamed(params, "head")]);
      const away = tf.reshape(tf.sub(weights, optimum), [3, 1]);
      const bent = tf.matMul(hessian as tf.Tensor2D, away as tf.Tensor2D);
      return tf.div(tf.sum(tf.mul(away, bent)), 2) as tf.Scalar;
    }),
};

const batchOf = ({ hessian, optimum }: Task): ExampleBatch => ({
  x: tf.tensor2d(hessian as number[][]),
  y: tf.tensor1d(optimum as number[]),
});

/** Every task, or every pair of different tasks where queries come from other tasks, at every meta-update. */
function episodesOf({ support, querySource }: EpisodeShape) {
  const pairs = tasks.flatMap((own) =>
    querySource === "other-tasks"
      ? tasks.filter((task) => task !== own).map((other) => [own, other] as const)
      : [[own, own] as const],
  );
  return pairs.map(([own, other]) => ({
    tasks: ["quadratic"],
    support: range(support).map(() => batchOf(own)),
    query: batchOf(other),
  }));
}

/** Meta-trains from the model's start, and returns the weights. */
async function endOf(learner: Learner, outerRate: number): Promise<number[]> {
  let params: Params = {};
  for await (const update of metaTrain({
    model: quadratic,
    learner,
    optimizer: sgd({ learningRate: outerRate }),
    sampler: { next: episodesOf, state: () => ({}), restore: () => {} },
    params: await quadratic.init(1),
    updates: 80,
  })) {
    params = update.params;
  }
  return ["body", "head"].flatMap((name) => [...tensorNamed(params, name).dataSync()]);
}

/** Fixed point of `sum_i M_i (w - w_i) = 0`. */
function fixedPoint(weighting: (hessian: Matrix) => Matrix): number[] {
  const weightings = tasks.map(({ hessian }) => weighting(hessian));
  const pulled = tasks.map(({ optimum }, i) => product(weightings[i] ?? [], column(optimum)));
  const sum = (matrices: readonly Matrix[]) => matrices.reduce((a, b) => combine(a, b, 1));
  return solve(sum(weightings), sum(pulled)).flat();
}

/** Jacobian of an inner step on the weights of `mask`: I - a diag(mask) S. */
const stepOf = (hessian: Matrix, mask: readonly number[] = [1, 1, 1]) =>
  combine(
    identity,
    hessian.map((row, i) => row.map((value) => Number(mask[i]) * value)),
    -innerRate,
  );

const inner = {
  taskUnit: "task",
  tasks: tasks.length,
  innerOptimizer: sgd({ learningRate: innerRate }),
} as const;
const exact = ({ mask = [1, 1, 1], steps = 1 } = {}) =>
  fixedPoint((hessian) => {
    const path = power(stepOf(hessian, mask), steps);
    return product(transposed(path), hessian, path);
  });

describe("the end of meta-training on quadratic losses is the fixed point of", () => {
  test.each<[string, Learner, number, number[]]>([
    [
      "MetaICL, which has no inner loop",
      metaicl({ batches: 3, taskUnit: "task" }),
      1,
      fixedPoint((s) => s),
    ],
    ["FOMAML", fomaml(inner), 1.5, fixedPoint((hessian) => product(hessian, stepOf(hessian)))],
    [
      "FOMAML of three steps",
      fomaml({ ...inner, innerSteps: 3 }),
      3,
      fixedPoint((hessian) => product(hessian, power(stepOf(hessian), 3))),
    ],
    ["MAML", maml(inner), 2, exact()],
    ["MAML of three steps", maml({ ...inner, innerSteps: 3 }), 8, exact({ steps: 3 })],
    ["ANIL", anil({ ...inner, head: ["head"] }), 1.2, exact({ mask: [0, 0, 1] })],
    ["BOIL", boil({ ...inner, head: ["head"] }), 1.2, exact({ mask: [1, 1, 0] })],
    [
      "Reptile",
      reptile({ ...inner, innerSteps: 3 }),
      1,
      fixedPoint((hessian) => combine(identity, power(stepOf(hessian), 3), -1)),
    ],
    [
      "iMAML",
      imaml({ ...inner, innerSteps: 10, proximalWeight: 1.5, solverSteps: 3 }),
      2,
      fixedPoint((hessian) => {
        const shrink = solve(combine(hessian, identity, 1.5), identity);
        return product(shrink, hessian, shrink);
      }),
    ],
    [
      "bootstrapped meta-gradients with two steps to the target",
      bmg({ ...inner, targetSteps: 2 }),
      3,
      fixedPoint((hessian) => {
        const step = stepOf(hessian);
        return product(step, combine(identity, power(step, 2), -1), step);
      }),
    ],
  ])("%s", async (_, learner, outerRate, expected) => {
    const found = await endOf(learner, outerRate);
    found.forEach((value, i) => {
      expect(Math.abs(value - Number(expected[i]))).toBeLessThan(1e-3);
    });
  });

  test("MAML-en-LLM, whose queries come from other tasks", async () => {
    // E over i != j of A_i S_j (A_i (w - w_i) + w_i - w_j) = 0, with A_i = I - a S_i.
    const pairs = tasks.flatMap((own) =>
      tasks.filter((other) => other !== own).map((other) => [own, other] as const),
    );
    const sum = (matrices: readonly Matrix[]) => matrices.reduce((a, b) => combine(a, b, 1));
    const left = pairs.map(([own, other]) => {
      const step = stepOf(own.hessian);
      return product(step, other.hessian, step);
    });
    const right = pairs.map(([own, other]) => {
      const step = stepOf(own.hessian);
      const end = product(step, column(own.optimum));
      const apart = own.optimum.map((value, i) => value - Number(other.optimum[i]));
      return product(step, other.hessian, combine(end, column(apart), -1));
    });
    const expected = solve(sum(left), sum(right)).flat();
    const learner = mamlEnLlm({
      ...inner,
      tasks: pairs.length,
      querySource: "other-tasks",
    });
    const found = await endOf(learner, 2);
    found.forEach((value, i) => {
      expect(Math.abs(value - Number(expected[i]))).toBeLessThan(1e-3);
    });
  });
});

describe("linear regression tasks", () => {
  const [easy, hard, other] = [
    { curvature: [1], optimum: [0] },
    { curvature: [0.1], optimum: [1] },
    { curvature: [0.1], optimum: [1.2] },
  ] as [LinearTask, LinearTask, LinearTask];
  const model = mlp({ sizes: [1, 1], loss: "mse" });

  async function trained(learner: Learner, outerRate: number, tasks: LinearTask[]) {
    const source = linear({ tasks });
    let params: Params = { ...(await model.init(1)), "layers.0.bias": tf.zeros([1]) };
    for await (const update of metaTrain({
      model,
      learner,
      optimizer: sgd({ learningRate: outerRate }),
      sampler: source.sampler({ seed: 1, batchSize: 1 }),
      params,
      trainable: ["*.weight"],
      updates: 60,
    })) {
      params = update.params;
    }
    return Number(tensorNamed(params, "layers.0.weight").dataSync()[0]);
  }
  const options = {
    taskUnit: "task",
    tasks: 3,
    adapt: ["*.weight"],
    innerOptimizer: sgd({ learningRate: 0.5 }),
  } as const;

  // sum p_i M_i w_i / sum p_i M_i, worked out by hand for S = 1, 0.1, 0.1 and a = 0.5.
  test.each<[string, Learner, number, number]>([
    ["MetaICL", metaicl({ batches: 3, taskUnit: "task" }), 2, 0.1833],
    ["FOMAML", fomaml(options), 3, 0.3029],
    ["MAML", maml(options), 5, 0.4612],
    ["Reptile", reptile({ ...options, innerSteps: 3 }), 1.5, 0.2704],
    ["iMAML", imaml({ ...options, innerSteps: 12 }), 5, 0.4378],
    ["bootstrapped meta-gradients", bmg(options), 10, 0.4612],
  ])("%s ends at its closed form", async (_, learner, outerRate, expected) => {
    expect(
      Math.abs((await trained(learner, outerRate, [easy, hard, other])) - expected),
    ).toBeLessThan(1e-3);
  });

  test.each([
    { landscape: "close together and far from the easy one", second: 1.2, gain: 1.258 },
    { landscape: "on both sides of it", second: -1.2, gain: 1.001 },
  ])("MAML gains where hard tasks lie $landscape (Collins et al. 2022)", async (given) => {
    const all = [easy, hard, { curvature: [0.1], optimum: [given.second] }];
    /** Minimum over w of sum_i M_i (w - w_i)^2. */
    const minimum = (weighting: (s: number) => number) => {
      const pairs = all.map(({ curvature: [s = 0], optimum: [at = 0] }) => [weighting(s), at]);
      const total = (term: (pair: readonly number[]) => number) =>
        pairs.reduce((sum, pair) => sum + term(pair), 0);
      return total(([m = 0, at = 0]) => m * at) / total(([m = 0]) => m);
    };
    /** Loss after one inner step, averaged over tasks. */
    const adaptedLoss = (w: number) =>
      all.reduce((sum, { curvature: [s = 0], optimum: [optimum = 0] }) => {
        const left = (1 - 0.5 * s) * (w - optimum);
        return sum + (s * left * left) / 2 / all.length;
      }, 0);
    const known =
      adaptedLoss(minimum((s) => s)) / adaptedLoss(minimum((s) => s * (1 - 0.5 * s) ** 2));
    const plain = await trained(metaicl({ batches: 3, taskUnit: "task" }), 2, all);
    const meta = await trained(maml(options), 5, all);
    expect(adaptedLoss(plain) / adaptedLoss(meta)).toBeCloseTo(known, 3);
    expect(known).toBeCloseTo(given.gain, 2);
  });

  test.each<[string, Learner]>([
    ["Meta-SGD", metaSgd({ taskUnit: "task", tasks: 2, initialRate: 0.5, adapt: ["*.weight"] })],
    [
      "learned rates of layers and steps",
      lslr({ taskUnit: "task", tasks: 2, initialRate: 0.5, adapt: ["*.weight"] }),
    ],
  ])("%s learns the rate that solves a task in one step, 1 / S", async (_, learner) => {
    const source = linear({
      tasks: [
        { curvature: [1], optimum: [-2] },
        { curvature: [1], optimum: [2] },
      ],
    });
    let params: Params = { ...(await model.init(1)), "layers.0.bias": tf.zeros([1]) };
    let loss = 1;
    for await (const update of metaTrain({
      model,
      learner,
      optimizer: sgd({ learningRate: 0.1 }),
      sampler: source.sampler({ seed: 1, batchSize: 1 }),
      params,
      trainable: ["*.weight"],
      updates: 60,
    })) {
      params = update.params;
      loss = update.loss;
    }
    expect(loss).toBeLessThan(1e-6);
  });

  test("refuse tasks of different sizes, and batches that see some weights more than others", () => {
    expect(() => linear({ tasks: [easy, { curvature: [1, 1], optimum: [0, 0] }] })).toThrow(
      "tasks.1: expected 1 curvatures and 1 numbers of the optimum",
    );
    const source = linear({ tasks: [{ curvature: [1, 2], optimum: [0, 0] }] });
    expect(() => source.sampler({ seed: 1, batchSize: 3 })).toThrow(
      "[BAD_OPTION] batchSize: expected a multiple of the 2 weights, got 3.",
    );
  });
});
