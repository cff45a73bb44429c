import {
  anil,
  bmg,
  boil,
  imaml,
  lslr,
  type MamlOptions,
  maml,
  mamlEnLlm,
  metaSgd,
} from "@metalearn/algorithms-maml";
import { metaicl } from "@metalearn/algorithms-metaicl";
import {
  createObjective,
  dotParams,
  globalNorm,
  type Learner,
  type MetaState,
  type MetaUpdate,
  mapParams,
  metaTrain,
  type Params,
} from "@metalearn/core";
import {
  type ToyBatch,
  toyModel,
  toySampler,
  unitDirection,
  withMetaParams,
} from "@metalearn/core/testing";
import { adam, adamw, sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";

const model = toyModel();
const objective = createObjective(model);

let initial: Params;
beforeEach(async () => {
  initial = await model.init(3);
});

const read = (scalar: tf.Tensor) => Number(scalar.dataSync()[0]);

/** Moments as they are after some steps, the same for all elements. */
const warm = (params: Params): MetaState => ({
  optimizer: {
    step: 7,
    update: 7,
    slots: {
      m: mapParams((p) => tf.fill(p.shape, 0.2), params),
      v: mapParams((p) => tf.fill(p.shape, 0.3), params),
    },
  },
});

/**
 * Distance of a gradient from central differences of `f`, relative to its norm: the worst over the gradient's
 * own and three random directions, each at the best of several step sizes.
 */
function distanceFromDifferences(
  f: (params: Params) => number,
  params: Params,
  gradient: Params,
): number {
  const norm = read(globalNorm(gradient));
  const own = mapParams((g) => tf.div(g, norm), gradient);
  const directions = [own, ...[1, 2, 3].map((seed) => unitDirection(params, seed))];
  const errors = directions.map((direction) => {
    const slope = read(dotParams(gradient, direction));
    const at = (h: number) => f(mapParams((p, d) => tf.add(p, tf.mul(d, h)), params, direction));
    return Math.min(
      ...[0.03, 0.01, 0.003, 0.001].map((h) => Math.abs((at(h) - at(-h)) / (2 * h) - slope) / norm),
    );
  });
  return Math.max(...errors);
}

/** The same for a learner whose meta-gradient is that of the loss that it reports. */
function distanceOf(learner: Learner, state: MetaState, params: Params): number {
  const episodes = toySampler(5).next(learner.episodes);
  const { gradients } = learner.metaGradient(objective, params, episodes, state);
  const f = (p: Params) => read(learner.metaGradient(objective, p, episodes, state).loss);
  return distanceFromDifferences(f, params, gradients);
}

const rate = 0.05;
const descent = sgd({ learningRate: rate });
const multiStepLoss = {};

describe("the exact meta-gradient agrees with finite differences", () => {
  const inner: Record<string, Pick<MamlOptions, "innerOptimizer" | "moments">> = {
    SGD: { innerOptimizer: descent },
    "SGD with weight decay": { innerOptimizer: sgd({ learningRate: rate, weightDecay: 0.5 }) },
    momentum: { innerOptimizer: sgd({ learningRate: rate, momentum: 0.9 }) },
    "dampened momentum": {
      innerOptimizer: sgd({ learningRate: rate, momentum: 0.9, dampening: 0.5 }),
    },
    "Nesterov momentum": {
      innerOptimizer: sgd({ learningRate: rate, momentum: 0.9, nesterov: true }),
    },
    // From zero moments an epsilon near 0 makes the first step a sign, which has no derivative.
    "Adam from zero moments": { innerOptimizer: adam({ learningRate: rate, epsilon: 0.1 }) },
    "Adam from warm moments": {
      innerOptimizer: adam({ learningRate: rate, weightDecay: 0.2 }),
      moments: "copy-last",
    },
    "AdamW from zero moments": {
      innerOptimizer: adamw({ learningRate: rate, epsilon: 0.1, weightDecay: 0.5 }),
    },
    "AdamW from warm moments": {
      innerOptimizer: adamw({ learningRate: rate, weightDecay: 0.5 }),
      moments: "copy-last",
    },
  };

  describe.each(Object.entries(inner))("%s", (_, options) => {
    test.each([1, 3])("inner steps: %i", (innerSteps) => {
      const learner = maml({ ...options, innerSteps, support: innerSteps, tasks: 2 });
      const { innerOptimizer, moments } = options;
      const state = moments ? warm(initial) : { optimizer: innerOptimizer.init(initial) };
      expect(distanceOf(learner, state, initial)).toBeLessThan(1e-3);
    });
  });

  const two = { innerSteps: 3, tasks: 2 };
  const withInner = { ...two, innerOptimizer: descent };
  const learners: Record<string, Learner> = {
    "multi-step loss": maml({ ...withInner, multiStepLoss }),
    "multi-step loss of all pairs": maml({ ...withInner, multiStepLoss, queries: "all-pairs" }),
    ANIL: anil({ ...withInner, head: ["out.*"] }),
    BOIL: boil({ ...withInner, head: ["out.*"] }),
    "Meta-SGD": metaSgd({ ...two, initialRate: rate }),
    "Meta-SGD with a rate per tensor": metaSgd({ ...two, initialRate: rate, rates: "tensor" }),
    "Meta-SGD with rates per element and step": metaSgd({
      ...two,
      initialRate: rate,
      perStep: true,
    }),
    LSLR: lslr({ ...two, initialRate: rate }),
    "LSLR with multi-step loss": lslr({ ...two, initialRate: rate, multiStepLoss }),
    "LSLR of some parameters": lslr({ ...two, initialRate: rate, adapt: ["in.*"] }),
  };

  test.each(Object.entries(learners))("%s", (_, learner) => {
    const params = withMetaParams(learner, initial);
    expect(distanceOf(learner, { optimizer: descent.init(params) }, params)).toBeLessThan(1e-3);
  });

  // The inner loop has to come close to its minimum, and the solver to the solution.
  test.each([["*"], ["out.*"]])("iMAML that adapts %s", (pattern) => {
    const learner = imaml({
      innerOptimizer: sgd({ learningRate: 0.1, momentum: 0.8 }),
      innerSteps: 120,
      proximalWeight: 2,
      solverSteps: 12,
      tasks: 1,
      adapt: [pattern],
    });
    const state = { optimizer: descent.init(initial) };
    expect(distanceOf(learner, state, initial)).toBeLessThan(1e-3);
  });
});

test("first-order multi-step loss takes the mean of the query gradients after each step", () => {
  const options = { innerOptimizer: descent, tasks: 2, order: 1 } as const;
  const episodes = toySampler(5).next(maml(options).episodes);
  const state = { optimizer: descent.init(initial) };
  const gradient = (learner: Learner) =>
    learner.metaGradient(objective, initial, episodes, state).gradients;
  const parts = [1, 2, 3].map((innerSteps) => gradient(maml({ ...options, innerSteps })));
  const [a, b, c] = parts as [Params, Params, Params];
  const mean = mapParams((a, b, c) => tf.div(tf.addN([a, b, c]), 3), a, b, c);
  const actual = gradient(maml({ ...options, innerSteps: 3, multiStepLoss }));
  expect(distance(actual, mean)).toBeLessThan(1e-6);
});

describe("bootstrapped meta-gradients", () => {
  const state = (): MetaState => ({ optimizer: descent.init(initial) });

  test("are MAML's times the inner rate, with one SGD step to the target on the query", () => {
    const options = { innerOptimizer: descent, innerSteps: 3, tasks: 2 };
    const episodes = toySampler(5).next(maml(options).episodes);
    const [boot, plain] = [bmg(options), maml(options)].map(
      (learner) => learner.metaGradient(objective, initial, episodes, state()).gradients,
    ) as [Params, Params];
    const scaled = mapParams((g) => tf.mul(g, rate), plain);
    // The distance to the target is a small difference of parameters, which costs digits.
    expect(distance(boot, scaled)).toBeLessThan(1e-4);
  });

  test.each(["query", "support"] as const)(
    "agree with finite differences of the distance to a fixed target on the %s",
    (target) => {
      const innerOptimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
      const steps = { innerSteps: 2, support: 2, tasks: 1 };
      const learner = bmg({ ...steps, innerOptimizer, targetSteps: 3, target });
      const episodes = toySampler(5).next(learner.episodes);
      const { support = [], query } = episodes[0] ?? {};
      // All five steps at once: two on the support, three further ones.
      const further =
        target === "query" ? [query, query, query] : [support[0], support[1], support[0]];
      const goal = maml({ innerOptimizer, innerSteps: 5 }).adapt(
        objective,
        initial,
        [...support, ...further] as ToyBatch[],
        state(),
      );
      const { gradients } = learner.metaGradient(objective, initial, episodes, state());
      const f = (params: Params) => {
        const adapted = learner.adapt(objective, params, support, state());
        const apart = mapParams((a, b) => tf.sub(a, b), adapted, goal);
        return read(dotParams(apart, apart)) / 2;
      };
      expect(distanceFromDifferences(f, initial, gradients)).toBeLessThan(1e-3);
    },
  );
});

describe("MAML-en-LLM without inner steps is MetaICL", () => {
  test.each(["shared", "copy-mean", "separate", "reset"] as const)(
    "step for step, moments %s",
    async (moments) => {
      const optimizer = adamw({ learningRate: 0.02, weightDecay: 0.1 });
      const run = async (learner: Learner) => {
        let last: MetaUpdate | undefined;
        const sampler = toySampler(4);
        const options = { model, learner, optimizer, sampler, params: initial, updates: 5 };
        for await (const made of metaTrain(options)) last = made;
        if (!last) throw new Error("nothing was trained");
        const { params, state } = last;
        return [params, ...Object.values(state.optimizer.slots)].map(numbers);
      };
      // Queries from the same tasks, so that both read the same batches.
      const query = { querySource: "same-task", tasks: 2 } as const;
      const options = { ...query, innerOptimizer: optimizer, innerSteps: 0, moments };
      expect(await run(mamlEnLlm(options))).toEqual(await run(metaicl({ batches: 2 })));
    },
  );

  test("and reads as many batches", () => {
    const { support, tasks } = mamlEnLlm({ innerOptimizer: descent, innerSteps: 0 }).episodes;
    expect({ support, tasks }).toEqual({ support: 0, tasks: 1 });
  });
});

const numbers = (params: Params) =>
  Object.values(params).flatMap((tensor) => Array.from(tensor.dataSync()));

function distance(a: Params, b: Params): number {
  return read(globalNorm(mapParams((x, y) => tf.sub(x, y), a, b))) / read(globalNorm(b));
}
