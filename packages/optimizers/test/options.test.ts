import { createToolkit } from "@metalearn/core/runs";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import optimizers, {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  linearSchedule,
  sgd,
} from "../src/index.js";

const toolkit = createToolkit([optimizers]);
const open = (options: object, updates = 1) => {
  const scope = toolkit.open({
    seed: 1,
    updates,
    references: { optimizer: { use: "adamw", learningRate: 0.5, ...options } },
  });
  return scope.get("optimizer");
};
const ratesOf = (optimizer: ReturnType<typeof adamw>) =>
  [0, 1, 2, 3, 4].map((update) => optimizer.learningRate({ step: 0, update, slots: {} }));

describe("a schedule", () => {
  // transformers' get_linear_schedule_with_warmup(optimizer, 2, 4) at a rate of 0.5: 0, 1/2, 1, 1/2, 0.
  const linear = [0, 0.25, 0.5, 0.25, 0];

  test("is the same by name and as a function", () => {
    const named = { schedule: "linear", warmupUpdates: 2, totalUpdates: 4 } as const;
    expect(ratesOf(adamw({ learningRate: 0.5, ...named }))).toEqual(linear);
    const asFunction = linearSchedule({ peak: 0.5, warmup: 2, total: 4 });
    expect(ratesOf(sgd({ learningRate: asFunction }))).toEqual(linear);
  });

  test("is as long as the training that a config plans, unless it says otherwise", async () => {
    const options = { schedule: "linear", warmupUpdates: 2 };
    expect(ratesOf((await open(options, 4)) as ReturnType<typeof adamw>)).toEqual(linear);
    const own = await open({ ...options, totalUpdates: 4 }, 100);
    expect(ratesOf(own as ReturnType<typeof adamw>)).toEqual(linear);
  });

  test("by name needs its length in code", () => {
    expect(() => adam({ learningRate: 0.5, schedule: "linear" })).toThrow(
      '[BAD_OPTION] schedule "linear" needs totalUpdates',
    );
  });

  test("is given once", () => {
    expect(() => adam({ learningRate: () => 1, schedule: "linear", totalUpdates: 2 })).toThrow(
      "[BAD_OPTION] expected a number as learningRate with schedule or warmupUpdates, got a function. Leave them out, or give a number.",
    );
  });
});

test("clipNorm clips as a transform before the optimizer does", () => {
  const params = { w: tf.tensor1d([1, -2]) };
  const gradients = { w: tf.tensor1d([3, 4]) };
  const [clipped, chained] = [
    sgd({ learningRate: 1, clipNorm: 1 }),
    chain(clipByGlobalNorm(1), sgd({ learningRate: 1 })),
  ].map((optimizer) => {
    const { w } = optimizer.update(gradients, optimizer.init(params), params).params;
    return (w as tf.Tensor1D).arraySync();
  });
  expect(clipped).toEqual(chained);
  // The gradient [3, 4] of norm 5, cut to norm 1.
  const [x = 0, y = 0] = clipped ?? [];
  expect(x).toBeCloseTo(1 - 0.6, 5);
  expect(y).toBeCloseTo(-2 - 0.8, 5);
});

describe("groups", () => {
  const params = { "h.0.w": tf.ones([1]), "h.1.w": tf.ones([1]), "learner.rate": tf.ones([1]) };

  test.each([
    [["x.*"], 'groups.0.pattern: no parameter is called "x.*". The model has, for example: h.0.w,'],
    [
      ["h.*", "h.1.*"],
      'groups.1.pattern: all parameters that match "h.1.*" belong to earlier groups.',
    ],
  ])("without a parameter are refused: %o", (patterns, message) => {
    const groups = patterns.map((pattern) => ({ pattern, learningRate: 1 }));
    const optimizer = sgd({ learningRate: 0.1, groups });
    expect(() => optimizer.init(params)).toThrow(`[BAD_OPTION] ${message}`);
    expect(() => optimizer.checkNames?.(Object.keys(params))).toThrow(message);
  });

  test("follow the schedule of all, each from its own peak", async () => {
    const groups = [{ pattern: "learner.*", learningRate: 10 }];
    const optimizer = (await open(
      { use: "sgd", schedule: "linear", warmupUpdates: 4, groups },
      8,
    )) as ReturnType<typeof sgd>;
    const state = { ...optimizer.init(params), update: 2 }; // half of each peak, 0.5 and 10
    const after = optimizer.update(params, state, params).params;
    const [usual, own] = ["h.0.w", "learner.rate"].map((name) => after[name]?.dataSync()[0]);
    expect(usual).toBeCloseTo(1 - 0.25, 6);
    expect(own).toBeCloseTo(1 - 5, 6);
  });

  test("may have a function each, but not beside a named schedule", () => {
    const groups = [{ pattern: "*", learningRate: (update: number) => 2 * update }];
    const optimizer = sgd({ learningRate: 1, groups });
    const { w } = optimizer.update(
      { w: tf.ones([1]) },
      { ...optimizer.init({ w: tf.ones([1]) }), update: 3 },
      { w: tf.ones([1]) },
    ).params;
    expect(w?.dataSync()[0]).toBe(1 - 6);
    expect(() => sgd({ learningRate: 1, groups, warmupUpdates: 2 })).toThrow(
      "expected a number as learningRate with schedule or warmupUpdates, got a function.",
    );
  });
});

describe("refuses", () => {
  test.each([
    [{ learningRate: -1 }, "learningRate: expected a number of at least 0, got -1."],
    [{ learningRate: 1, nesterov: true }, "nesterov: expected a momentum above 0, got 0."],
    [{ learningRate: 1, momentum: 1 }, "momentum: expected a number below 1, got 1."],
    [{ learningRate: 1, momentun: 0.5 }, 'unknown key "momentun". Did you mean "momentum"?'],
  ])("%o in code", (options, message) => {
    expect(() => sgd(options)).toThrow(`[BAD_OPTION] ${message}`);
  });

  test.each([
    [{ learningRate: -1 }, ".learningRate: expected a number of at least 0, got -1."],
    [{ learningRate: () => 1 }, ".learningRate: expected a plain value, got a function."],
    [
      { groups: [{ pattern: "*", learningRat: 1 }] },
      '.groups.0: unknown key "learningRat". Did you mean "learningRate"?',
    ],
    [{ use: "sgd", nesterov: true }, ": nesterov: expected a momentum above 0, got 0."],
  ])("%o in a config", async (options, message) => {
    await expect(open({ use: "sgd", ...options })).rejects.toThrow(
      `[BAD_CONFIG] optimizer (sgd)${message}`,
    );
  });
});
