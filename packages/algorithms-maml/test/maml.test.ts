import {
  addParams,
  createObjective,
  defineOptimizer,
  type Episode,
  globalNorm,
  type Learner,
  type MetaOptimizer,
  type MetaState,
  mapParams,
  type Params,
  type UpdateRule,
  valueAndGradients,
} from "@metalearn/core";
import { type ToyBatch, toyModel, toySampler } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import {
  anil,
  boil,
  imaml,
  lslr,
  type MamlOptions,
  type MomentSharing,
  maml,
  mamlEnLlm,
  metaSgd,
  reptile,
} from "../src/index.js";
import { stepWeights } from "../src/multiStepLoss.js";

const model = toyModel();
const objective = createObjective(model);

/** `p - rate * g`, without any package's help. */
function gradientDescent(rate: number): MetaOptimizer {
  return defineOptimizer(descentRule(rate));
}

function descentRule(rate: number): UpdateRule {
  return {
    name: "gradient descent",
    slotNames: [],
    init: () => ({ step: 0, update: 0, slots: {} }),
    coefficients: () => ({}),
    apply: ({ gradients, params }) => ({
      params: mapParams((p, g) => tf.sub(p, tf.mul(g, rate)), params, gradients),
      slots: {},
    }),
    adjoint: (_, __, { params }) => ({
      params,
      gradients: mapParams((bar) => tf.mul(bar, -rate), params),
      slots: {},
    }),
    learningRate: () => rate,
  };
}

/** `m = g + m / 2, p - rate * m`: the simplest optimizer that has something to share. */
function withMomentum(rate: number): MetaOptimizer {
  return defineOptimizer({
    ...descentRule(rate),
    name: "momentum",
    slotNames: ["m"],
    init: (params) => ({
      step: 0,
      update: 0,
      slots: { m: mapParams((p) => tf.zerosLike(p), params) },
    }),
    apply({ gradients, slots, params }) {
      const m = mapParams((g, m) => tf.add(g, tf.mul(m, 0.5)), gradients, slots.m as Params);
      return { params: mapParams((p, m) => tf.sub(p, tf.mul(m, rate)), params, m), slots: { m } };
    },
    adjoint(_, __, { params, slots }) {
      const through = mapParams((bar) => tf.mul(bar, -rate), params);
      const m = slots.m ? mapParams((a, b) => tf.add(a, b), through, slots.m) : through;
      return { params, gradients: m, slots: { m: mapParams((bar) => tf.mul(bar, 0.5), m) } };
    },
  });
}

let params: Params;
beforeEach(async () => {
  params = await model.init(3);
});

const episodesFor = (options: Partial<MamlOptions>, seed = 5) =>
  toySampler(seed).next({
    tasks: options.tasks ?? 2,
    support: options.support ?? 1,
    query: 1,
    querySource: "same-task",
    unit: "task",
  });

function oneEpisode(): Episode<ToyBatch> {
  const [episode] = episodesFor({ tasks: 1 });
  if (!episode) throw new Error("the sampler gave nothing");
  return episode;
}

const freshState = (optimizer: MetaOptimizer): MetaState => ({ optimizer: optimizer.init(params) });

function metaGradient(options: MamlOptions, episodes = episodesFor(options)): Params {
  const state = freshState(options.innerOptimizer);
  return maml(options).metaGradient(objective, params, episodes, state).gradients;
}

const numbers = (values: Params) => Object.values(values).flatMap((t) => Array.from(t.dataSync()));

function distance(a: Params, b: Params): number {
  const difference = globalNorm(mapParams((x, y) => tf.sub(x, y), a, b));
  return Number(difference.dataSync()[0]) / Number(globalNorm(b).dataSync()[0]);
}

describe("the second-order meta-gradient", () => {
  test("differs from the first-order one", () => {
    const options: MamlOptions = { innerOptimizer: gradientDescent(0.1), tasks: 2, innerSteps: 2 };
    expect(distance(metaGradient({ ...options, order: 1 }), metaGradient(options))).toBeGreaterThan(
      0.05,
    );
  });

  test("comes close to the first-order one as the inner rate goes to zero", () => {
    const gap = (rate: number) => {
      const options: MamlOptions = { innerOptimizer: gradientDescent(rate), tasks: 2 };
      return distance(metaGradient({ ...options, order: 1 }), metaGradient(options));
    };
    // The gap is linear in the rate.
    expect(gap(1e-2) / gap(1e-3)).toBeCloseTo(10, 0);
    expect(gap(1e-4)).toBeLessThan(1e-3);
  });

  test("is the plain gradient on the query batches when the inner rate is zero", () => {
    const options: MamlOptions = { innerOptimizer: gradientDescent(0), tasks: 2 };
    const episodes = episodesFor(options);
    const plain = episodes.map(
      ({ query }) => valueAndGradients((p) => model.loss(p, query), params).gradients,
    );
    const mean = mapParams((sum) => tf.div(sum, 2), addParams(plain));
    expect(distance(metaGradient(options, episodes), mean)).toBeLessThan(1e-6);
  });
});

describe("adapt", () => {
  test("lowers the support loss", () => {
    const episode = oneEpisode();
    const [support] = episode.support;
    const learner = maml({ innerOptimizer: gradientDescent(0.05), innerSteps: 10 });
    const adapted = learner.adapt(
      objective,
      params,
      episode.support,
      freshState(gradientDescent(0)),
    );
    const loss = (p: Params) => Number(objective.loss(p, support as ToyBatch).dataSync()[0]);
    expect(loss(adapted)).toBeLessThan(0.8 * loss(params));
  });

  test("changes only the parameters that it may", () => {
    const episode = oneEpisode();
    const learner = maml({ innerOptimizer: gradientDescent(0.05), adapt: ["out.weight"] });
    const adapted = learner.adapt(
      objective,
      params,
      episode.support,
      freshState(gradientDescent(0)),
    );
    expect(adapted["in.weight"]).toBe(params["in.weight"]);
    expect(numbers({ out: adapted["out.weight"] as tf.Tensor })).not.toEqual(
      numbers({ out: params["out.weight"] as tf.Tensor }),
    );
  });
});

describe("the part that is adapted", () => {
  const innerOptimizer = gradientDescent(0.05);

  /** Names of the parameters that adapting changes. */
  function changed(learner: Learner): string[] {
    const { support } = oneEpisode();
    const adapted = learner.adapt(objective, params, support, freshState(innerOptimizer));
    return Object.keys(params).filter((name) => adapted[name] !== params[name]);
  }

  test.each<[string, Learner, string[]]>([
    ["of ANIL is the head", anil({ innerOptimizer, head: ["out.*"] }), ["out.weight"]],
    ["of BOIL is all but the head", boil({ innerOptimizer, head: ["out.*"] }), ["in.weight"]],
    [
      "of Reptile is what it is told",
      reptile({ innerOptimizer, adapt: ["out.*"] }),
      ["out.weight"],
    ],
    [
      "of iMAML is what it is told",
      imaml({ innerOptimizer, adapt: ["!in.*", "*"] }),
      ["out.weight"],
    ],
  ])("%s", (_, learner, expected) => {
    expect(changed(learner)).toEqual(expected);
  });

  test("leaves others where they are in Reptile, and moves by what it changed itself", () => {
    const learner = reptile({ innerOptimizer, adapt: ["out.*"], tasks: 1, innerSteps: 2 });
    const episodes = toySampler(5).next(learner.episodes);
    const state = freshState(innerOptimizer);
    const { gradients } = learner.metaGradient(objective, params, episodes, state);
    const adapted = learner.adapt(objective, params, episodes[0]?.support ?? [], state);
    expect(new Set(gradients["in.weight"]?.dataSync())).toEqual(new Set([0]));
    expect(Array.from(gradients["out.weight"]?.dataSync() ?? [])).toEqual(
      Array.from(
        tf.sub(params["out.weight"] as tf.Tensor, adapted["out.weight"] as tf.Tensor).dataSync(),
      ),
    );
  });

  test.each([
    [["!out.*", "!in.*", "*"], "adapt: !out.*, !in.*, * leaves no parameter."],
    [["*", "!head.*"], 'adapt: no parameter is called "head.*".'],
  ])("%j is refused", (adapt, message) => {
    expect(() => changed(maml({ innerOptimizer, adapt }))).toThrow(`[BAD_OPTION] ${message}`);
  });

  test.each([
    ["MAML", maml({ innerOptimizer, tasks: 1, innerSteps: 2 })],
    ["MAML with momentum", maml({ innerOptimizer: withMomentum(0.05), tasks: 1 })],
    ["iMAML", imaml({ innerOptimizer, tasks: 1 })],
  ])("may hold parameters that the loss does not use, whose gradient is 0: %s", (_, learner) => {
    const all = { ...params, unused: tf.ones([3]) };
    const episodes = toySampler(5).next(learner.episodes);
    const state = { optimizer: withMomentum(0.05).init(all) };
    const gradient = (given: Params) =>
      learner.metaGradient(objective, given, episodes, state).gradients;
    const { unused, ...others } = gradient(all);
    expect(Array.from(unused?.dataSync() ?? [])).toEqual([0, 0, 0]);
    expect(numbers(others)).toEqual(numbers(gradient(params)));
  });
});

describe("learned rates", () => {
  test("start where they are told and are one per element, tensor or step", () => {
    const shapes = (learner: Learner) =>
      Object.entries(learner.metaParams?.(params) ?? {}).map(([name, t]) => [name, t.shape]);
    expect(shapes(metaSgd({}))).toEqual([
      ["learner.rate.in.weight", [1, 6]],
      ["learner.rate.out.weight", [6, 1]],
    ]);
    expect(shapes(lslr({ innerSteps: 3, adapt: ["out.*"] }))).toEqual([
      ["learner.rate.out.weight", [3]],
    ]);
    const rates = metaSgd({ initialRate: 0.25, innerSteps: 2, perStep: true }).metaParams?.(params);
    expect(rates?.["learner.rate.in.weight"]?.shape).toEqual([2, 1, 6]);
    expect(new Set(numbers(rates ?? {}))).toEqual(new Set([0.25]));
  });

  test("of each step are used by that step", () => {
    const { support } = oneEpisode();
    const learner = lslr({ innerSteps: 2 });
    const rates = (values: [number, number]) =>
      Object.fromEntries(
        Object.keys(params).map((name) => [`learner.rate.${name}`, tf.tensor1d(values)]),
      );
    const adapted = (values: [number, number]) =>
      learner.adapt(
        objective,
        { ...params, ...rates(values) },
        support,
        freshState(withMomentum(1)),
      );
    const step = (from: Params, rate: number) =>
      maml({ innerOptimizer: gradientDescent(rate) }).adapt(
        objective,
        from,
        support,
        freshState(gradientDescent(0)),
      );
    expect(distance(adapted([0.1, 0]), step(params, 0.1))).toBeLessThan(1e-6);
    expect(distance(adapted([0.1, 0.02]), step(step(params, 0.1), 0.02))).toBeLessThan(1e-6);
    expect(Object.keys(adapted([0.1, 0]))).toEqual(Object.keys(params));
  });

  test("that are not there, or of other options, are clear errors", () => {
    const { support } = oneEpisode();
    const state = freshState(gradientDescent(0));
    const adapt = (given: Params) =>
      lslr({ innerSteps: 2 }).adapt(objective, given, support, state);
    expect(() => adapt(params)).toThrow(
      '[UNKNOWN_NAME] Expected a parameter "learner.rate.in.weight", got none.',
    );
    expect(() => adapt({ ...params, ...lslr({ innerSteps: 3 }).metaParams?.(params) })).toThrow(
      '[SHAPE_MISMATCH] "learner.rate.in.weight": expected the shape [2], got [3].',
    );
  });
});

test("adapted parameters of all tasks meet the queries of all tasks with all pairs", () => {
  const options: MamlOptions = { innerOptimizer: gradientDescent(0.1), tasks: 3 };
  const episodes = episodesFor(options);
  const own = maml(options);
  const state = freshState(options.innerOptimizer);
  const pairs = episodes.flatMap(({ support }) => {
    const adapted = own.adapt(objective, params, support, state);
    return episodes.map(({ query }) => Number(objective.loss(adapted, query).dataSync()[0]));
  });
  const { loss } = maml({ ...options, queries: "all-pairs" }).metaGradient(
    objective,
    params,
    episodes,
    state,
  );
  expect(pairs).toHaveLength(9);
  expect(loss.dataSync()[0]).toBeCloseTo(pairs.reduce((a, b) => a + b) / 9, 6);
});

test("the weights of a multi-step loss fade, linearly, to that of the last step", () => {
  expect(stepWeights(4, 100, {})).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(stepWeights(4, 0, { annealUpdates: 10 })).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(stepWeights(4, 5, { annealUpdates: 10 })).toEqual([0.125, 0.125, 0.125, 0.625]);
  expect(stepWeights(4, 10, { annealUpdates: 10 })).toEqual([]);
  expect(stepWeights(1, 0, {})).toEqual([]);
});

describe("moments", () => {
  const inner = withMomentum(0.05);
  const outerMoments = 2; // every element of the outer optimizer's m at the start

  function flow(moments: MomentSharing, tasks = 2) {
    const learner = maml({ innerOptimizer: inner, tasks, moments });
    const state: MetaState = {
      optimizer: {
        step: 7,
        update: 4,
        slots: { m: mapParams((p) => tf.fill(p.shape, outerMoments), params) },
      },
    };
    const episodes = episodesFor({ tasks });
    const supportGradients = episodes.map(
      ({ support }) =>
        valueAndGradients((p) => model.loss(p, support[0] as ToyBatch), params).gradients,
    );
    const { state: after } = learner.metaGradient(objective, params, episodes, state);
    const [g1, g2] = supportGradients.map(numbers) as [number[], number[]];
    const m = numbers(after.optimizer.slots.m as Params);
    return { after, g1, g2, m };
  }

  const expectClose = (actual: number[], expected: number[]) =>
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 5);
    });

  // One inner step turns m into g + m / 2.
  test("shared: every task starts where the previous task ended", () => {
    const { after, g1, g2, m } = flow("shared");
    expectClose(
      m,
      g1.map((g, i) => (g2[i] as number) + (g + outerMoments / 2) / 2),
    );
    expect(after.optimizer).toMatchObject({ step: 9, update: 4 });
  });

  test("copy-last: every task starts from the outer moments, the last one's are handed on", () => {
    const { after, g2, m } = flow("copy-last");
    expectClose(
      m,
      g2.map((g) => g + outerMoments / 2),
    );
    expect(after.optimizer).toMatchObject({ step: 8, update: 4 });
  });

  test("copy-mean: the mean over the tasks is handed on", () => {
    const { g1, g2, m } = flow("copy-mean");
    expectClose(
      m,
      g1.map((g, i) => (g + (g2[i] as number)) / 2 + outerMoments / 2),
    );
  });

  test("one-way: every task starts from zero, the last one's are handed on", () => {
    const { after, g2, m } = flow("one-way");
    expectClose(m, g2);
    expect(after.optimizer).toMatchObject({ step: 1, update: 4 });
  });

  test("separate: the inner optimizer keeps its own", () => {
    const { after, g1, g2, m } = flow("separate");
    expect(new Set(m)).toEqual(new Set([outerMoments]));
    expect(after.optimizer.step).toBe(7);
    expect(after.inner?.step).toBe(2);
    expectClose(
      numbers(after.inner?.slots.m as Params),
      g1.map((g, i) => (g2[i] as number) + g / 2),
    );
  });

  test("reset: nothing is shared", () => {
    const { after, m } = flow("reset");
    expect(new Set(m)).toEqual(new Set([outerMoments]));
    expect(after.optimizer.step).toBe(7);
    expect(after.inner).toBeUndefined();
  });

  test("cannot be shared by optimizers that keep different ones", () => {
    const learner = maml({ innerOptimizer: inner, tasks: 2, moments: "shared" });
    const state = freshState(gradientDescent(0.1));
    expect(() => learner.metaGradient(objective, params, episodesFor({}), state)).toThrow(
      '[BAD_OPTION] moments "shared" needs an inner and an outer optimizer that keep the same moments, but the inner one (momentum) keeps m and the outer one keeps none.',
    );
  });

  test("of an inner optimizer without any need not be shared", () => {
    const learner = maml({ innerOptimizer: gradientDescent(0.1), tasks: 2, moments: "shared" });
    const state = freshState(inner);
    const after = learner.metaGradient(objective, params, episodesFor({}), state).state;
    expect(after).toBe(state);
  });
});

describe("options", () => {
  const innerOptimizer = gradientDescent(0.1);

  test("MAML-2k-n reads 2k batches of n tasks per meta-update, queries from other tasks", () => {
    expect(mamlEnLlm({ innerOptimizer, tasks: 4, size: 3 }).episodes).toEqual({
      tasks: 4,
      support: 3,
      query: 3,
      querySource: "other-tasks",
      unit: "task",
    });
  });

  test("a task is one data set, or a draw from the mixture of all", () => {
    const unit = (learner: Learner) => learner.episodes.unit;
    expect(unit(maml({ innerOptimizer }))).toBe("task");
    expect(unit(maml({ innerOptimizer, taskUnit: "mixture" }))).toBe("mixture");
    expect(unit(mamlEnLlm({ innerOptimizer, taskUnit: "mixture" }))).toBe("mixture");
    expect(unit(reptile({ innerOptimizer, taskUnit: "mixture" }))).toBe("mixture");
  });

  test("a pattern that no parameter matches is refused", () => {
    const learner = maml({ innerOptimizer, adapt: ["in.*", "head.*"] });
    expect(() =>
      learner.metaGradient(objective, params, episodesFor({}), freshState(innerOptimizer)),
    ).toThrow(
      '[BAD_OPTION] adapt: no parameter is called "head.*". The model has, for example: in.weight, out.weight.',
    );
  });
});
