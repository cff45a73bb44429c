import { createObjective, learnerParams, modelParams } from "@metalearn/core";
import { testLearner } from "@metalearn/core/testing";
import { adamw, sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { averagedMaml } from "../../examples/10-own-inner-loop.js";
import { bestEngine, useEngine } from "../support/engines.js";
import {
  expectGolden,
  type InlineTensor,
  readGolden,
  recommended,
  sourcesOf,
  type ToleranceBlock,
} from "../support/golden.js";
import { problems } from "../support/mamlProblems.js";

const file = "maml/averaged_steps.json";

interface File {
  readonly logits: number[];
  readonly inner: Record<
    "sgd" | "adamw",
    {
      readonly losses: number[];
      readonly grad_theta: Record<string, InlineTensor>;
      readonly grad_logits: { readonly logits: InlineTensor };
      readonly tolerance: Record<"grad_theta" | "grad_logits", ToleranceBlock> & {
        readonly losses: { readonly recommended_rel: number };
      };
    }
  >;
}

const optimizers = {
  sgd: sgd({ learningRate: 0.01 }),
  adamw: adamw({ learningRate: 0.01, epsilon: 0.01, weightDecay: 0.5 }),
};

describe.each(sourcesOf(file))(
  `an inner loop of one's own on ${bestEngine.name} equals PyTorch ($name)`,
  (source) => {
    useEngine(bestEngine);

    test.each(["sgd", "adamw"] as const)("with %s", async (inner) => {
      const golden = await readGolden<File>(source, file);
      const problem = problems.find(({ name }) => name === "sinusoid tanh");
      const { model, params, episodes } = await (problem as (typeof problems)[number]).open(source);
      const { logits, inner: cases } = golden.json;
      const { losses, grad_theta, grad_logits, tolerance } = cases[inner];
      const innerOptimizer = optimizers[inner];
      const learner = averagedMaml({
        innerOptimizer,
        innerSteps: logits.length,
        tasks: losses.length,
      });
      const { loss, gradients, metrics } = learner.metaGradient(
        createObjective(model),
        { ...params, "learner.average": tf.tensor1d(logits) },
        episodes,
        { optimizer: innerOptimizer.init(params) },
      );
      const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      const { recommended_rel } = tolerance.losses;
      expect(Math.abs(Number(loss.dataSync()[0]) / mean - 1)).toBeLessThanOrEqual(recommended_rel);
      expectGolden(golden, grad_theta, modelParams(gradients), recommended(tolerance.grad_theta));
      const byLogits = { logits: learnerParams(gradients)["learner.average"] as tf.Tensor };
      expectGolden(golden, grad_logits, byLogits, recommended(tolerance.grad_logits));
      // The softmax of the logits, at the last one.
      const powers = logits.map(Math.exp);
      const last = Number(powers.at(-1)) / powers.reduce((sum, power) => sum + power, 0);
      const logged = metrics?.lastWeight as tf.Scalar;
      expect(Number(logged.dataSync()[0])).toBeCloseTo(last, 6);
    });
  },
);

testLearner("averaged MAML", {
  create: () => averagedMaml({ innerOptimizer: optimizers.sgd, innerSteps: 3, tasks: 2 }),
});
