import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import type { TokenBatch } from "../src/batch/tokenBatch.js";
import type { TargetTask } from "../src/contracts/task.js";
import type { Adaptation } from "../src/evaluate/adaptation.js";
import { evaluate } from "../src/evaluate/evaluate.js";
import type { Params } from "../src/params.js";
import { tidy } from "../src/tidy.js";
import { bigramModel, bigramParams } from "./support/bigramModel.js";

const params = bigramParams();

/** What comes after 0? The bigram model says 3. */
const target: TargetTask = {
  name: "after 0",
  metric: "accuracy",
  unseenDomain: false,
  questions: async () => [
    {
      options: ["3", "1"],
      sequences: [3, 1].map((option) => ({ ids: [0, option], scoredFrom: 1 })),
      gold: ["1"],
    },
  ],
  // Under seed 2 there is one example more.
  support: async (seed) => Array.from({ length: 2 + seed }, () => ({ ids: [0, 1], scoredFrom: 1 })),
};

const episodes = {
  tasks: 1,
  support: 1,
  query: 1,
  querySource: "same-task",
  unit: "task",
} as const;

/** A learner that believes what it is shown: each batch makes token 1 likelier after 0 by one nat. */
function believer(seen: number[][] = []): Adaptation["learner"] {
  return {
    name: "believer",
    episodes,
    adapt: (_, { table }, support) => {
      seen.push(support.map(({ inputIds }) => Number(inputIds?.shape[0])));
      const belief = tf.oneHot([1, 0, 0, 0], 4).mul(tf.tensor2d([[1], [0], [0], [0]]));
      return tidy(() => ({ table: tf.add(table as tf.Tensor, tf.mul(belief, support.length)) }));
    },
  };
}

const run = (adaptation?: Adaptation, targets = [target]) =>
  evaluate({ model: bigramModel, params, targets, seeds: [1, 2], adaptation });

test("every task and seed is scored with parameters adapted to its own support", async () => {
  const seen: number[][] = [];
  expect((await run()).all.mean).toBe(0);
  // After 0, token 3 has 1 bit and token 1 has 3 bits: 2 ln 2 = 1.39 nats between them. Seed 1 has 3
  // examples, 2 batches of up to 2, hence 2 nats more; seed 2 has 4 examples, 2 batches as well.
  const { tasks } = await run({ learner: believer(seen), batchSize: 2 });
  expect(seen).toEqual([
    [2, 1],
    [2, 2],
  ]);
  expect(tasks[0]?.seeds.map(({ score }) => score)).toEqual([1, 1]);
  // One batch is one nat, which is not enough; nothing is left over from one seed to the next.
  const once = await run({ learner: believer(), batchSize: 4 });
  expect(once.tasks[0]?.seeds.map(({ score }) => score)).toEqual([0, 0]);
});

test("adapted parameters are freed, and the given ones are not", async () => {
  await run();
  const adaptation = {
    learner: {
      name: "copy",
      episodes,
      adapt: () => ({ table: tf.clone(params.table as tf.Tensor) }),
    },
    batchSize: 2,
    optimizer: { init: () => ({ step: 0, update: 0, slots: { mean: bigramParams() } }) },
  };
  const before = tf.memory().numTensors;
  await run(adaptation);
  await run({ learner: { name: "same", episodes, adapt: (_, same) => same }, batchSize: 1 });
  expect(tf.memory().numTensors).toBe(before);
  expect(params.table?.isDisposed).toBe(false);
});

test("a target without support cannot be adapted to", async () => {
  const { support: _, ...without } = target;
  await expect(run({ learner: believer(), batchSize: 2 }, [without])).rejects.toThrow(
    '[BAD_OPTION] The task "after 0" has no support examples to adapt to. Leave out adapt.',
  );
});

test("a learner gets what it has learned of its own, or else begins anew, and the model never does", async () => {
  const rates: number[] = [];
  const learner: Adaptation["learner"] = {
    ...believer(),
    metaParams: () => ({ "learner.rate": tf.scalar(0.5) }),
    adapt: (_, params) => {
      rates.push(Number(params["learner.rate"]?.dataSync()[0]));
      return params;
    },
  };
  const before = tf.memory().numTensors;
  const seen = new Set<string>();
  const model = {
    ...bigramModel,
    tokenLosses: (given: Params, batch: TokenBatch) => {
      for (const name of Object.keys(given)) seen.add(name);
      return bigramModel.tokenLosses(given, batch);
    },
  };
  const rate = tf.scalar(2);
  const options = { model, targets: [target], seeds: [1], adaptation: { learner } };
  await evaluate({ ...options, params: { ...params, "learner.rate": rate } });
  await evaluate({ ...options, params });
  expect(rates).toEqual([2, 0.5]);
  expect([...seen]).toEqual(["table"]);
  expect(rate.isDisposed).toBe(false);
  rate.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test("frozen parameters are hidden from the learner, and there when questions are scored", async () => {
  const shift = tf.zeros([4, 4]);
  const model = {
    ...bigramModel,
    tokenLosses: ({ table, shift }: Params, batch: TokenBatch) =>
      bigramModel.tokenLosses({ table: tf.add(table as tf.Tensor, shift as tf.Tensor) }, batch),
  };
  const learner: Adaptation["learner"] = {
    ...believer(),
    adapt: (...given) => {
      expect(Object.keys(given[1])).toEqual(["table"]);
      return believer().adapt(...given);
    },
  };
  const adaptation = { learner, batchSize: 2, trainable: ["table"] };
  const both = { ...params, shift };
  const { all } = await evaluate({
    model,
    params: both,
    targets: [target],
    seeds: [1],
    adaptation,
  });
  expect(all.mean).toBe(1);
});

test("a learner that wants more support batches than there are goes round them", async () => {
  const seen: number[][] = [];
  const learner = { ...believer(seen), episodes: { ...episodes, support: 5 } };
  await run({ learner, batchSize: 2 });
  expect(seen[0]).toEqual([2, 1, 2, 1, 2]);
});
