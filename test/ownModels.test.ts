import { maml } from "@metalearn/algorithms-maml";
import {
  createObjective,
  crossEntropy,
  type ExampleBatch,
  type Model,
  metaTrain,
  type Params,
  type TensorRuntime,
} from "@metalearn/core";
import { clusters } from "@metalearn/datasets-synthetic";
import { sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { engines, useEngine } from "./support/engines.js";

type ClassLoss = (logits: tf.Tensor2D, classes: tf.Tensor1D) => tf.Tensor;

/** A small classifier as a user writes one. */
const classifier = (loss: ClassLoss): Model<ExampleBatch> => ({
  name: "classifier",
  init: async () => ({
    a: tf.randomNormal([2, 8], 0, 1, "float32", 1),
    b: tf.randomNormal([8, 5], 0, 1, "float32", 2),
  }),
  loss: (params, { x, y }) =>
    tf.tidy(() => {
      const hidden = tf.tanh(tf.matMul(x, params.a as tf.Tensor));
      const logits = tf.matMul(hidden, params.b as tf.Tensor);
      return tf.mean(loss(logits as tf.Tensor2D, y as tf.Tensor1D)) as tf.Scalar;
    }),
});

/** The same cross-entropy in ways in which one can write it. */
const losses: Record<string, ClassLoss> = {
  crossEntropy,
  logSoftmax: (logits, y) => tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(y, 5)), 1)),
  softmaxCrossEntropy: (logits, y) => tf.losses.softmaxCrossEntropy(tf.oneHot(y, 5), logits),
  "log of softmax": (logits, y) =>
    tf.neg(tf.sum(tf.mul(tf.log(tf.softmax(logits)), tf.oneHot(y, 5)), 1)),
  logSumExp: (logits, y) =>
    tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, tf.oneHot(y, 5)), 1)),
};

const innerOptimizer = sgd({ learningRate: 0.5 });
const learner = maml({ innerOptimizer, innerSteps: 3, tasks: 4 });
const sampler = () => clusters({ ways: 5, shots: 1 }).sampler({ seed: 1, batchSize: 5 });

async function metaGradient(loss: ClassLoss, runtime: TensorRuntime): Promise<number[]> {
  const model = classifier(loss);
  const params = await model.init(1);
  const objective = createObjective(model as Model, { runtime });
  const episodes = sampler().next(learner.episodes);
  return tf.tidy(() => {
    const state = { optimizer: innerOptimizer.init(params) };
    const { gradients } = learner.metaGradient(objective, params, episodes, state);
    return Object.values(gradients).flatMap((tensor) => Array.from(tensor.dataSync())) as never;
  }) as number[];
}

describe.each(engines)("a second-order meta-gradient on $name", (engine) => {
  describe.skipIf(engine.missing)(`does not depend on ${engine.missing ?? ""}`, () => {
    const runtime = useEngine(engine);

    test("how a classifier writes its loss", async () => {
      const wanted = await metaGradient(losses.crossEntropy as ClassLoss, runtime());
      for (const loss of Object.values(losses)) {
        const found = await metaGradient(loss, runtime());
        const gap = Math.hypot(...found.map((value, i) => value - Number(wanted[i])));
        expect(gap / Math.hypot(...wanted)).toBeLessThan(1e-5);
      }
    });

    test("faith in a custom gradient that is no function of the parameters", async () => {
      const stopped = tf.customGrad((x) => ({
        value: tf.clone(x as tf.Tensor),
        gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
      }));
      const square = tf.customGrad((x, save) => {
        (save as tf.GradSaveFunc)([x as tf.Tensor]);
        return {
          value: tf.square(x as tf.Tensor),
          gradFunc: (dy: tf.Tensor, [x]: tf.Tensor[]) =>
            tf.mul(dy, tf.mul(2, stopped(x as tf.Tensor))),
        };
      });
      const model = classifier((logits, y) => square(tf.sub(logits, tf.oneHot(y, 5))));
      const train = async (more: { hvp?: "finite-difference"; checkSecondOrder?: boolean }) => {
        const params: Params = await model.init(1);
        const options = { learner, optimizer: sgd({ learningRate: 0.1 }), updates: 1, ...more };
        for await (const { loss } of metaTrain({
          ...options,
          model: model as Model,
          runtime: runtime(),
          sampler: sampler(),
          params,
        })) {
          expect(loss).toBeGreaterThan(0);
        }
      };
      await expect(train({})).rejects.toThrow("[WRONG_DERIVATIVE] At the first meta-update");
      await train({ hvp: "finite-difference" });
      await train({ checkSecondOrder: false });
    });
  });
});
