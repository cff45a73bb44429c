import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import type { Predictor } from "../src/contracts/model.js";
import type { EpisodeTarget } from "../src/contracts/task.js";
import type { Adaptation } from "../src/evaluate/adaptation.js";
import { type AnswerStore, type EvaluateOptions, evaluate } from "../src/evaluate/evaluate.js";
import { bigramModel } from "./support/bigramModel.js";

/** `y = slope * x` for numbers; for classes, the scores of `x < 0` and `x > 0` times the slope. */
const line: Predictor = {
  name: "line",
  init: async () => ({ slope: tf.scalar(1) }),
  outputs: ({ slope }, x) => tf.mul(x, slope as tf.Scalar) as tf.Tensor2D,
  loss: () => tf.scalar(0),
};
const signs: Predictor = {
  ...line,
  outputs: (params, x) => {
    const score = line.outputs(params, x);
    return tf.concat([tf.neg(score), score], 1) as tf.Tensor2D;
  },
};

const column = (values: number[]) => tf.tensor2d(values, [values.length, 1]);

/** Episodes of a query each; the support holds the right slope at x = 1. */
function target(
  metric: EpisodeTarget["metric"],
  queries: readonly { slope: number; x: number[]; y: number[] }[],
): EpisodeTarget {
  return {
    name: "lines",
    unseenDomain: false,
    metric,
    episodes: () =>
      queries.map(({ slope, x, y }) => ({
        tasks: ["line"],
        support: [{ x: column([1]), y: column([slope]) }],
        query: { x: column(x), y: metric === "r2" ? column(y) : tf.tensor1d(y, "int32") },
      })),
  };
}

/** Takes the slope that the support shows. */
const readSlope: Adaptation = {
  learner: {
    name: "reader",
    episodes: { tasks: 1, support: 1, query: 1, querySource: "same-task", unit: "task" },
    adapt: (_objective, _params, [shown]) => ({ slope: tf.reshape(shown?.y as tf.Tensor, []) }),
  },
};

async function scoreOf(of: EpisodeTarget, options: Partial<EvaluateOptions> = {}) {
  const params = await line.init(1);
  const found = await evaluate({ model: line, params, targets: [of], seeds: [1], ...options });
  return found.tasks[0]?.seeds[0];
}

const lines = target("r2", [
  { slope: 2, x: [1, -1], y: [2, -2] },
  { slope: 0.5, x: [2, -2], y: [1, -1] },
]);

test("r2 is the share of the variance over all queries that is explained", async () => {
  // Without adapting, 1, -1 for 2, -2 and 2, -2 for 1, -1: squared errors 1 each, of squares
  // (4 + 4 + 1 + 1) around a mean of 0: 1 - 4 / 10.
  const { score, ...rest } = (await scoreOf(lines)) ?? {};
  expect(score).toBeCloseTo(0.6, 6);
  expect(rest).toEqual({ seed: 1, questions: 4, chance: 0 });
});

test("each query is predicted after adapting to the support of its own episode", async () => {
  expect((await scoreOf(lines, { adaptation: readSlope }))?.score).toBe(1);
});

test("accuracy is the share of queries whose class has the highest score", async () => {
  const classes = target("accuracy", [
    { slope: 1, x: [3, -2], y: [1, 0] },
    { slope: -1, x: [5, -1], y: [0, 0] },
  ]);
  expect(await scoreOf(classes, { model: signs })).toEqual({
    seed: 1,
    score: 0.75,
    questions: 4,
    chance: 0.5,
  });
  // With slope -1 the second episode's answers are 0 and 1.
  expect((await scoreOf(classes, { model: signs, adaptation: readSlope }))?.score).toBe(0.75);
});

test("the answer to every query is kept, as a class with its scores or as numbers", async () => {
  const kept: unknown[] = [];
  const answers: AnswerStore = {
    has: () => false,
    add: () => Promise.reject(new Error("There are no questions.")),
    async addEpisodes(task, seed, own) {
      kept.push([task, seed, own]);
    },
  };
  await scoreOf(target("accuracy", [{ slope: 1, x: [3, -2], y: [1, 1] }]), {
    model: signs,
    answers,
  });
  await scoreOf(lines, { answers });
  expect(kept).toEqual([
    [
      "lines",
      1,
      [
        { episode: 0, query: 0, prediction: 1, target: 1, scores: [-3, 3] },
        { episode: 0, query: 1, prediction: 0, target: 1, scores: [2, -2] },
      ],
    ],
    [
      "lines",
      1,
      [
        { episode: 0, query: 0, prediction: [1], target: [2] },
        { episode: 0, query: 1, prediction: [-1], target: [-2] },
        { episode: 1, query: 0, prediction: [2], target: [1] },
        { episode: 1, query: 1, prediction: [-2], target: [-1] },
      ],
    ],
  ]);
});

test("leaves no tensor behind", async () => {
  const params = await line.init(1);
  const before = tf.memory().numTensors;
  await evaluate({ model: line, params, targets: [lines], seeds: [1, 2], adaptation: readSlope });
  expect(tf.memory().numTensors).toBe(before);
});

test("a score that is no number is an error", async () => {
  await expect(scoreOf(target("r2", [{ slope: 1, x: [1], y: [Number.NaN] }]))).rejects.toThrow(
    '[NON_FINITE] The score of "lines" is NaN.',
  );
});

test("a model that cannot do what a task wants is refused before anything is scored", async () => {
  await expect(scoreOf(lines, { model: bigramModel })).rejects.toThrow(
    '[BAD_OPTION] The task "lines" needs a predictor (with outputs), got bigram.',
  );
});
