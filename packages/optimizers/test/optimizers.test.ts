import { coefficients } from "@metalearn/core";
import { testMetaOptimizer } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import {
  adam,
  adamw,
  chain,
  clipByGlobalNorm,
  linearSchedule,
  type Optimizer,
  sgd,
} from "../src/index.js";

/** Every optimizer that an inner loop may use, in the settings in which its formula differs. */
const optimizers: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.1 }),
  "sgd with weight decay": () => sgd({ learningRate: 0.1, weightDecay: 0.3 }),
  momentum: () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  "dampened momentum": () => sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.5 }),
  "Nesterov momentum": () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  "adam with L2": () => adam({ learningRate: 0.1, weightDecay: 0.2 }),
  adamw: () => adamw({ learningRate: 0.1, weightDecay: 0.2 }),
  "adamw that spares biases": () => adamw({ learningRate: 0.1, weightDecay: 0.2, noDecay: ["b"] }),
  "adamw with a large epsilon": () => adamw({ learningRate: 0.1, epsilon: 0.1 }),
  "clipping that acts": () => chain(clipByGlobalNorm(0.5), sgd({ learningRate: 0.1 })),
  "clipping that does not act": () => chain(clipByGlobalNorm(50), sgd({ learningRate: 0.1 })),
  "clipping before adamw": () =>
    chain(clipByGlobalNorm(0.5), adamw({ learningRate: 0.1, weightDecay: 0.2 })),
  "clipping between momentum and adamw": () =>
    chain(
      sgd({ learningRate: 0.5, momentum: 0.9 }),
      clipByGlobalNorm(0.5),
      adamw({ learningRate: 0.1 }),
    ),
  "groups with rates and decay of their own": () =>
    adamw({
      learningRate: 0.1,
      weightDecay: 0.2,
      groups: [{ pattern: "b*", learningRate: 0.3, weightDecay: 0.4 }],
    }),
  "a schedule": () => adamw({ learningRate: linearSchedule({ peak: 1, warmup: 2, total: 10 }) }),
};

for (const [title, create] of Object.entries(optimizers)) {
  testMetaOptimizer(title, {
    create,
    badOptions: { nesterov: () => sgd({ learningRate: 0.1, nesterov: true }) },
  });
}

test("an unused row, whose moments are zero, has derivative zero and not NaN", () => {
  const optimizer = adamw({ learningRate: 0.1 });
  const zeros = { w: tf.zeros([2]) };
  const { gradients } = optimizer.adjoint(
    { gradients: zeros, params: zeros, slots: optimizer.init(zeros).slots },
    coefficients(optimizer, optimizer.init(zeros)),
    { params: { w: tf.tensor1d([1, -3]) }, slots: {} },
  );
  // d update / dg = -lr * rest1 * correction1 / epsilon = -0.1 / 1e-8 from the first moment alone.
  const [a, b] = (gradients.w as tf.Tensor1D).arraySync();
  expect(Number(a) / -1e7).toBeCloseTo(1, 5);
  expect(Number(b) / 3e7).toBeCloseTo(1, 5);
});

test("names that are treated alike are of one kind", () => {
  const { kindOf } = adamw({ learningRate: 0.1, weightDecay: 0.2, noDecay: ["bias"] });
  expect(kindOf?.("h.0.weight")).toBe(kindOf?.("h.1.weight"));
  expect(kindOf?.("h.0.weight")).not.toBe(kindOf?.("h.0.bias"));
});

describe("chain", () => {
  test("refuses two transforms that keep the same slot", () => {
    expect(() => chain(adamw({ learningRate: 1 }), adamw({ learningRate: 1 }))).toThrow(
      '[DUPLICATE_NAME] Two transforms of one chain keep a slot called "m".',
    );
  });

  test("refuses a state without its slots", () => {
    const optimizer = adamw({ learningRate: 1 });
    const params = { w: tf.ones([1]) };
    expect(() => optimizer.update(params, sgd({ learningRate: 1 }).init(params), params)).toThrow(
      '[BAD_OPTION] The optimizer state has no slot "m", which adam needs. It has: none.',
    );
  });
});
