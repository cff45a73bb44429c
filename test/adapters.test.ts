import { lora, softPrompt } from "@metalearn/adapters";
import {
  anil,
  bmg,
  boil,
  imaml,
  lslr,
  maml,
  mamlEnLlm,
  metaSgd,
  reptile,
} from "@metalearn/algorithms-maml";
import { fineTune } from "@metalearn/algorithms-metaicl";
import {
  createObjective,
  dotParams,
  type Episode,
  freeze,
  globalNorm,
  type Learner,
  type MetaState,
  mapParams,
  type Params,
  type TokenBatch,
} from "@metalearn/core";
import { unitDirection, withMetaParams } from "@metalearn/core/testing";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { adamw, sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { letterTasks } from "./support/letterTasks.js";

const shape = { vocabularySize: 256, maxTokens: 24, width: 8, layers: 2, heads: 2 };
const base = gpt2({ ...shape, initializerRange: 0.3 }, byteTokenizer);
const innerOptimizer = sgd({ learningRate: 0.3 });
const state: MetaState = { optimizer: innerOptimizer.init({}) };
const read = (scalar: tf.Tensor) => Number(scalar.dataSync()[0]);

function meanOf(
  episodes: readonly Episode<TokenBatch>[],
  loss: (episode: Episode<TokenBatch>, i: number) => tf.Scalar,
) {
  const losses = episodes.map((episode, i) => read(tf.tidy(() => loss(episode, i))));
  return losses.reduce((sum, value) => sum + value, 0) / losses.length;
}

/**
 * Distance of a gradient from central differences of `lossAt` along a random direction, relative to its norm:
 * at the best of several step sizes, since float32 is good to three digits there.
 */
function error(lossAt: (params: Params) => number, params: Params, gradient: Params): number {
  const direction = unitDirection(params, 3);
  const expected = read(dotParams(gradient, direction));
  const size = read(globalNorm(params));
  const errors = [3e-2, 1e-2, 3e-3].map((step) => {
    const at = (sign: number) =>
      lossAt(mapParams((p, d) => tf.add(p, tf.mul(d, sign * step * size)), params, direction));
    return Math.abs((at(1) - at(-1)) / (2 * step * size) - expected);
  });
  return Math.min(...errors) / read(globalNorm(gradient));
}

describe.each([
  [
    "LoRA",
    lora(base, { rank: 2, alpha: 4, targets: ["*.c_attn.weight", "*.c_fc.weight"] }),
    "*.lora_*",
  ],
  ["a soft prompt", softPrompt(base, { tokens: 5 }), "prompt.*"],
])("%s in the inner loop", (_, model, own) => {
  const adapt = [own];
  const options = { innerOptimizer, tasks: 2, adapt };
  const learners: [string, Learner<TokenBatch>][] = [
    ["one step", maml(options)],
    ["three steps over two batches", maml({ ...options, innerSteps: 3, support: 2 })],
  ];

  describe.each([
    ["frozen", adapt],
    ["trained", ["*"]],
  ])("with the model itself %s in the outer loop", (_, trainable) => {
    test.each(learners)("has the meta-gradient of finite differences: %s", async (_, learner) => {
      const { model: seen, trained } = freeze(model, await model.init(2), trainable);
      const objective = createObjective(seen);
      const episodes = letterTasks().sampler({ seed: 4, batchSize: 3 }).next(learner.episodes);
      const { gradients } = learner.metaGradient(objective, trained, episodes, state);
      expect(Object.keys(gradients)).toEqual(Object.keys(trained));
      const metaLoss = (params: Params) =>
        meanOf(episodes, ({ support, query }) =>
          objective.loss(learner.adapt(objective, params, support, state), query),
        );
      // Measured: 4e-5 at most, and at least 4e-4 for the first-order meta-gradient.
      expect(error(metaLoss, trained, gradients)).toBeLessThan(2e-4);
    });
  });

  const warmable = adamw({ learningRate: 0.05, epsilon: 0.1 });
  const frozen = adapt;
  const rates = { tasks: 2, adapt, initialRate: 0.3, innerSteps: 2 };

  test.each<[string, Learner<TokenBatch>, trainable: string[]]>([
    ["ANIL, whose head it is", anil({ innerOptimizer, tasks: 2, head: adapt }), frozen],
    [
      "BOIL, whose head is the model",
      boil({ innerOptimizer, tasks: 2, head: ["*.weight", "*.bias"] }),
      ["*"],
    ],
    ["Meta-SGD", metaSgd(rates), frozen],
    ["LSLR with multi-step loss", lslr({ ...rates, multiStepLoss: {} }), frozen],
    [
      "iMAML",
      imaml({
        innerOptimizer: sgd({ learningRate: 0.03 }),
        adapt,
        tasks: 1,
        innerSteps: 12,
        proximalWeight: 30,
      }),
      frozen,
    ],
    ["MAML-en-LLM", mamlEnLlm({ innerOptimizer: warmable, adapt, size: 2 }), frozen],
  ])("has the meta-gradient of finite differences: %s", async (_, learner, trainable) => {
    const { model: seen, trained } = freeze(model, await model.init(2), trainable);
    const objective = createObjective(seen);
    const params = withMetaParams(learner, trained);
    const start = { optimizer: warmable.init(params) };
    const episodes = letterTasks().sampler({ seed: 4, batchSize: 3 }).next(learner.episodes);
    const lossAt = (p: Params) => read(learner.metaGradient(objective, p, episodes, start).loss);
    const { gradients } = learner.metaGradient(objective, params, episodes, start);
    expect(Object.keys(gradients)).toEqual(Object.keys(params));
    expect(error(lossAt, params, gradients)).toBeLessThan(2e-4); // measured: 5e-5 at most
  });

  test("is drawn towards a target by BMG: with one SGD step, MAML's meta-gradient times the rate", async () => {
    const { model: seen, trained } = freeze(model, await model.init(2), frozen);
    const objective = createObjective(seen);
    const episodes = letterTasks().sampler({ seed: 4, batchSize: 3 }).next(maml(options).episodes);
    const [boot, plain] = [bmg(options), maml(options)].map(
      (learner) => learner.metaGradient(objective, trained, episodes, state).gradients,
    ) as [Params, Params];
    const gap = mapParams((b, g) => tf.sub(b, tf.mul(g, 0.3)), boot, plain);
    expect(read(globalNorm(gap)) / read(globalNorm(boot))).toBeLessThan(1e-4);
  });

  test.each<[string, Learner<TokenBatch>]>([
    ["Reptile", reptile({ ...options, innerSteps: 2 })],
    ["fine-tuning", fineTune({ innerOptimizer, innerSteps: 2, adapt })],
  ])("is all that %s changes", async (_, learner) => {
    const objective = createObjective(model);
    const params = await model.init(2);
    const [episode] = letterTasks()
      .sampler({ seed: 4, batchSize: 3 })
      .next({ ...learner.episodes, support: 2 });
    const adapted = learner.adapt(objective, params, episode?.support ?? [], state);
    const kept = Object.keys(params).filter((name) => adapted[name] === params[name]);
    expect(kept).toEqual(Object.keys(await base.init(1)));
  });

  test("has, at first order, the gradient of the query loss where the inner loop ends", async () => {
    const learner = maml({ ...options, innerSteps: 2, order: 1 });
    const objective = createObjective(model);
    const params = await model.init(2);
    const episodes = letterTasks().sampler({ seed: 4, batchSize: 3 }).next(learner.episodes);
    const { gradients } = learner.metaGradient(objective, params, episodes, state);
    const ends = episodes.map(({ support }) => learner.adapt(objective, params, support, state));
    // The ends move as the beginning does.
    const lossAfter = (moved: Params) =>
      meanOf(episodes, ({ query }, i) => {
        const shift = (end: tf.Tensor, p: tf.Tensor, m: tf.Tensor) => tf.add(end, tf.sub(m, p));
        return objective.loss(mapParams(shift, ends[i] as Params, params, moved), query);
      });
    expect(error(lossAfter, params, gradients)).toBeLessThan(4e-3);
  });

  test("changes the adapter alone, and lowers the support loss", async () => {
    const learner = maml({ ...options, innerSteps: 20 });
    const objective = createObjective(model);
    const params = await model.init(2);
    const [episode] = letterTasks().sampler({ seed: 4, batchSize: 3 }).next(learner.episodes);
    const { support } = episode as Episode<TokenBatch>;
    const adapted = learner.adapt(objective, params, support, state);
    const kept = Object.keys(params).filter((name) => adapted[name] === params[name]);
    expect(kept).toEqual(Object.keys(await base.init(1)));
    const loss = (p: Params) => read(objective.loss(p, support[0] as TokenBatch));
    expect(loss(adapted)).toBeLessThan(0.98 * loss(params));
  });
});
