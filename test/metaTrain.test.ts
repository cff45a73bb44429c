import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lslr, maml, metaSgd } from "@metalearn/algorithms-maml";
import {
  type Learner,
  loadCheckpoint,
  loadParams,
  type MetaTrainOptions,
  type MetaUpdate,
  metaTrain,
  type Params,
  saveCheckpoint,
} from "@metalearn/core";
import { type ToyBatch, toyModel, toySampler } from "@metalearn/core/testing";
import { adamw } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const model = toyModel();

async function setting(): Promise<MetaTrainOptions<ToyBatch>> {
  return {
    model,
    learner: maml({ innerOptimizer: adamw({ learningRate: 0.01 }), tasks: 2, moments: "separate" }),
    optimizer: adamw({ learningRate: 0.02 }),
    sampler: toySampler(4),
    params: await model.init(1),
    updates: 12,
  };
}

async function last(options: MetaTrainOptions<ToyBatch>): Promise<MetaUpdate> {
  let latest: MetaUpdate | undefined;
  for await (const made of metaTrain(options)) latest = made;
  if (!latest) throw new Error("nothing was trained");
  return latest;
}

const bits = (params: Params) =>
  Object.values(params).map((tensor) => Array.from(tensor.dataSync()));

describe("metaTrain", () => {
  test("lowers the loss", async () => {
    const losses: number[] = [];
    for await (const { loss } of metaTrain({ ...(await setting()), updates: 150 }))
      losses.push(loss);
    const mean = (part: number[]) => part.reduce((a, b) => a + b) / part.length;
    expect(mean(losses.slice(-30))).toBeLessThan(0.7 * mean(losses.slice(0, 30)));
  });

  test("counts updates and the batches that they read", async () => {
    const { update, batches, learningRate } = await last(await setting());
    // Two tasks with one support and one query batch each.
    expect({ update, batches, learningRate }).toEqual({
      update: 12,
      batches: 48,
      learningRate: 0.02,
    });
  });

  test("gives the same parameters, bit for bit, for the same seeds", async () => {
    const [a, b] = [await last(await setting()), await last(await setting())];
    expect(bits(a.params)).toEqual(bits(b.params));
  });

  test("keeps only the latest update's tensors", async () => {
    const options = await setting();
    const before = tf.memory().numTensors;
    const { params, state } = await last(options);
    // Parameters, and two moments each of the outer and the inner optimizer.
    expect(tf.memory().numTensors - before).toBe(2 * 5);
    tf.dispose([params, state.optimizer.slots, state.inner?.slots ?? {}]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("keeps what a learner learns beside the model, and no tensor more", async () => {
    const options = { ...(await setting()), learner: metaSgd({ tasks: 2 }) };
    const before = tf.memory().numTensors;
    const { params, state } = await last(options);
    // Two parameters and a rate of each, and two moments of the outer optimizer.
    expect(tf.memory().numTensors - before).toBe(4 * 3);
    tf.dispose([params, state.optimizer.slots]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses tensors of a learner that could be the model's", async () => {
    const learner: Learner<ToyBatch> = {
      ...metaSgd({ tasks: 2 }),
      metaParams: () => ({ "in.rate": tf.scalar(1) }),
    };
    await expect(last({ ...(await setting()), learner })).rejects.toThrow(
      '[BAD_OPTION] The names of a learner\'s tensors must begin with "learner.", but meta-sgd calls one "in.rate".',
    );
  });

  test("stops when it is told to", async () => {
    const controller = new AbortController();
    let made = 0;
    for await (const { update } of metaTrain({ ...(await setting()), signal: controller.signal })) {
      made = update;
      if (update === 5) controller.abort();
    }
    expect(made).toBe(5);
  });

  test("stops at a loss that is not a number, naming tensor, update and tasks", async () => {
    const options = await setting();
    const broken = {
      ...model,
      loss: (params: Params, batch: ToyBatch) =>
        tf.mul(model.loss(params, batch), Number.NaN) as tf.Scalar,
    };
    await expect(last({ ...options, model: broken })).rejects.toThrow(
      '[NON_FINITE] At meta-update 1 the loss is NaN and the gradient of "in.weight" is not finite (tasks: sine 0, sine 1).',
    );
    // What training started from is untouched.
    expect(bits(options.params)).toEqual(bits(await model.init(1)));
  });
});

describe("a checkpoint", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "metalearn-checkpoint-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("lets training end as if it had never stopped, bit for bit", async () => {
    const whole = await last(await setting());

    const first = await setting();
    const half = await last({ ...first, updates: 7 });
    const directory = join(folder, "checkpoint");
    await saveCheckpoint(directory, model, { ...half, sampler: first.sampler.state() });

    const second = await setting();
    const { params, state, sampler, update } = await loadCheckpoint(directory, model);
    expect(update).toBe(7);
    second.sampler.restore(sampler);
    const resumed = await last({ ...second, params, resume: { update, state } });

    expect(bits(resumed.params)).toEqual(bits(whole.params));
    expect(bits(resumed.state.optimizer.slots.v as Params)).toEqual(
      bits(whole.state.optimizer.slots.v as Params),
    );
    expect(bits(resumed.state.inner?.slots.m as Params)).toEqual(
      bits(whole.state.inner?.slots.m as Params),
    );
    expect(resumed.state.inner?.step).toBe(whole.state.inner?.step);
  });

  const learners: Learner<ToyBatch>[] = [
    metaSgd({ tasks: 2 }),
    lslr({ tasks: 2, innerSteps: 2, multiStepLoss: { annealUpdates: 9 } }),
  ];
  test.each(learners)("keeps what $name learns beside the model", async (learner) => {
    const whole = await last({ ...(await setting()), learner });
    expect(Object.keys(whole.params)).toEqual([
      ...["in.weight", "out.weight"],
      ...["learner.rate.in.weight", "learner.rate.out.weight"],
    ]);
    expect(new Set(bits(whole.params)[2])).not.toEqual(new Set([Math.fround(0.01)]));

    const first = { ...(await setting()), learner };
    const half = await last({ ...first, updates: 7 });
    const directory = join(folder, "checkpoint");
    await saveCheckpoint(directory, model, { ...half, sampler: first.sampler.state() });
    expect(Object.keys(await loadParams(model, join(directory, "model")))).toEqual([
      "in.weight",
      "out.weight",
    ]);

    const second = { ...(await setting()), learner };
    const { params, state, sampler, update } = await loadCheckpoint(directory, model);
    second.sampler.restore(sampler);
    const resumed = await last({ ...second, params, resume: { update, state } });
    expect(Object.keys(resumed.params)).toEqual(Object.keys(whole.params));
    expect(bits(resumed.params)).toEqual(bits(whole.params));
    expect(bits(resumed.state.optimizer.slots.m as Params)).toEqual(
      bits(whole.state.optimizer.slots.m as Params),
    );
  });

  test("that is not there is a clear error", async () => {
    await expect(loadCheckpoint(join(folder, "none"), model)).rejects.toThrow(
      "[MISSING_FILE] There is no checkpoint in",
    );
  });
});
