import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lslr, maml, metaSgd } from "@metalearn/algorithms-maml";
import {
  type Learner,
  type MetaTrainOptions,
  type MetaUpdate,
  metaTrain,
  type Params,
} from "@metalearn/core";
import { loadCheckpoint, loadParams, saveCheckpoint } from "@metalearn/core/files";
import { type ToyBatch, toyModel, toySampler } from "@metalearn/core/testing";
import { adamw, sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

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

  test("passes on what a learner logs, and keeps none of its tensors", async () => {
    const options = await setting();
    const { learner } = options;
    const logging = (metrics: unknown): Learner<ToyBatch> => ({
      ...learner,
      metaGradient: (...args) => {
        const made = learner.metaGradient(...args);
        const own = typeof metrics === "function" ? metrics() : metrics;
        return { ...made, metrics: own as Record<string, number> };
      },
    });
    const scalars = () => ({ "inner/loss": tf.scalar(0.5), steps: 3 });
    const logged = logging(scalars);
    const before = tf.memory().numTensors;
    const { metrics, params, state } = await last({ ...options, learner: logged });
    expect(metrics).toEqual({ "inner/loss": 0.5, steps: 3 });
    tf.dispose([params, state.optimizer.slots, state.inner?.slots ?? {}]);
    expect(tf.memory().numTensors).toBe(before);
    expect((await last(options)).metrics).toEqual({});
    for (const [wrong, message] of [
      [{ rates: tf.ones([3]) }, 'logs "rates": expected a number or a scalar tensor, got a tensor'],
      [{ note: "good" }, 'logs "note": expected a number or a scalar tensor, got string.'],
      [{ "a\nb": 1 }, 'logs "a\\nb": expected a name of letters, digits'],
    ] as const) {
      await expect(last({ ...options, learner: logging(wrong) })).rejects.toThrow(
        `[BAD_OPTION] The learner maml ${message}`,
      );
    }
  });

  test("updates a learner's tensors at a rate of their own", async () => {
    const options = { ...(await setting()), learner: metaSgd({ tasks: 2 }), updates: 1 };
    const at = async (learningRate: number, ownRate?: number) => {
      const groups = ownRate ? [{ pattern: "learner.*", learningRate: ownRate }] : [];
      const optimizer = sgd({ learningRate, groups });
      return (await last({ ...options, optimizer, sampler: toySampler(4) })).params;
    };
    const [both, slow, fast] = [await at(0.02, 0.5), await at(0.02), await at(0.5)];
    // One step of SGD: every tensor is where its own rate takes it.
    for (const [name, tensor] of Object.entries(both)) {
      const expected = name.startsWith("learner.") ? fast : slow;
      expect(tensor.arraySync()).toEqual(expected[name]?.arraySync());
      expect(slow[name]?.arraySync()).not.toEqual(fast[name]?.arraySync());
    }
  });

  test("refuses a group that has no parameters, also where it resumes", async () => {
    const options = await setting();
    const { update, params, state } = await last({ ...options, updates: 1 });
    const optimizer = adamw({
      learningRate: 0.02,
      groups: [{ pattern: "learner.*", learningRate: 1 }],
    });
    for (const resume of [undefined, { update, state }]) {
      await expect(
        last({ ...options, optimizer, params, ...(resume && { resume }) }),
      ).rejects.toThrow('[BAD_OPTION] groups.0.pattern: no parameter is called "learner.*".');
    }
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

  test("makes no update that was not asked for", async () => {
    const options = await setting();
    const next = vi.spyOn(options.sampler, "next");
    for await (const { update } of metaTrain(options)) if (update === 3) break;
    expect(next).toHaveBeenCalledTimes(3);
  });

  test("that never made an update leaves nothing but what it was given", async () => {
    const options = { ...(await setting()), learner: metaSgd({ tasks: 2 }) };
    const before = tf.memory().numTensors;
    for await (const _ of metaTrain({ ...options, signal: AbortSignal.abort() }));
    for await (const _ of metaTrain({ ...options, consume: true, updates: 0 }));
    expect(tf.memory().numTensors).toBe(before);
    expect(bits(options.params)).toEqual(bits(await model.init(1)));
  });

  test("says so when its last update made parameters infinite", async () => {
    const options = await setting();
    const optimizer = adamw({ learningRate: 1e39 }); // infinite in float32
    await expect(last({ ...options, optimizer, updates: 1 })).rejects.toThrow(
      /^\[NON_FINITE\] After meta-update 1 the parameter ".+" holds NaN or infinity\./,
    );
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
    // The initial parameters are untouched.
    expect(bits(options.params)).toEqual(bits(await model.init(1)));
  });
});

describe("training that some parameters are frozen for", () => {
  const frozen = async () => ({ ...(await setting()), trainable: ["out.*"] });

  test("shares them, and keeps no moments of them", async () => {
    const options = await frozen();
    const before = tf.memory().numTensors;
    const { params, state } = await last(options);
    expect(Object.keys(params)).toEqual(Object.keys(options.params)); // in the model's order
    expect(params["in.weight"]).toBe(options.params["in.weight"]);
    expect(bits({ out: params["out.weight"] as tf.Tensor })).not.toEqual(
      bits({ out: options.params["out.weight"] as tf.Tensor }),
    );
    const slots = [
      ...Object.values(state.optimizer.slots),
      ...Object.values(state.inner?.slots ?? {}),
    ];
    expect(slots.map((slot) => Object.keys(slot))).toEqual([...Array(4)].map(() => ["out.weight"]));
    // One parameter, and two moments each of the outer and the inner optimizer.
    expect(tf.memory().numTensors - before).toBe(5);
  });

  test("is the training of a model that has no others", async () => {
    const options = await frozen();
    const { "in.weight": fixed, ...trained } = options.params;
    const smaller = {
      ...model,
      loss: (params: Params, batch: ToyBatch) =>
        model.loss({ "in.weight": fixed as tf.Tensor, ...params }, batch),
    };
    const one = await last(options);
    const { trainable: _, ...rest } = await frozen();
    const other = await last({ ...rest, model: smaller, params: trained });
    expect(bits({ out: one.params["out.weight"] as tf.Tensor })).toEqual(bits(other.params));
    expect(one.gradientNorm).toBe(other.gradientNorm);
  });

  test("does not free them, even where it consumes what it starts from", async () => {
    const options = { ...(await frozen()), consume: true };
    const { params } = await last(options);
    expect(params["in.weight"]?.isDisposed).toBe(false);
    expect(options.params["out.weight"]?.isDisposed).toBe(true);
  });

  test("refuses a pattern that names nothing, or no pattern", async () => {
    await expect(last({ ...(await setting()), trainable: ["head.*"] })).rejects.toThrow(
      '[BAD_OPTION] trainable: no parameter is called "head.*". The model has, for example: in.weight, out.weight.',
    );
    await expect(last({ ...(await setting()), trainable: [] })).rejects.toThrow(
      "[BAD_OPTION] trainable: expected at least one pattern, got none.",
    );
  });
});

describe("a checkpoint", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "metalearn-checkpoint-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test.each([
    ["of all parameters", ["*"]],
    ["of some", ["out.*"]],
  ])("lets training %s end as if it had never stopped, bit for bit", async (_, trainable) => {
    const start = async () => ({ ...(await setting()), trainable });
    const whole = await last(await start());

    const first = await start();
    const half = await last({ ...first, updates: 7 });
    const directory = join(folder, "checkpoint");
    await saveCheckpoint(directory, model, { ...half, sampler: first.sampler.state() });

    const second = await start();
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
      "[MISSING_FILE] There is no checkpoint",
    );
  });
});
