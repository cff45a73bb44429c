import { reptile } from "@metalearn/algorithms-maml";
import { createObjective } from "@metalearn/core";
import { sgd } from "@metalearn/optimizers";
import { missing } from "@metalearn/test-support/shared";
import { describe, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";
import { expectGolden, recommended, type Stored, type ToleranceBlock } from "../support/golden.js";
import { gpt2Tiny, type Problem, sinusoid } from "../support/mamlProblems.js";

interface File {
  readonly reptile: {
    readonly K: number;
    readonly alpha: number;
    readonly epsilon: number;
    readonly theta_new: Stored;
    readonly tolerance: ToleranceBlock;
  };
}

const reason = missing("golden/maml");

const problems: [string, () => Promise<Problem<File>>][] = [
  ["gpt2-tiny", gpt2Tiny],
  ["sinusoid relu", () => sinusoid("relu")],
  ["sinusoid tanh", () => sinusoid("tanh")],
];

describe.skipIf(reason)(`Reptile equals PyTorch (on ${bestEngine.name}) ${reason ?? ""}`, () => {
  useEngine(bestEngine);

  test.each(problems)("on %s", async (_, load) => {
    const { golden, model, params, episodes } = await load();
    const { K, alpha, epsilon, theta_new, tolerance } = golden.json.reptile;
    const innerOptimizer = sgd({ learningRate: alpha });
    const learner = reptile({ innerOptimizer, innerSteps: K, tasks: episodes.length });
    const optimizer = sgd({ learningRate: epsilon });
    const state = optimizer.init(params);
    const objective = createObjective(model);
    const { gradients } = learner.metaGradient(objective, params, episodes, { optimizer: state });
    const moved = optimizer.update(gradients, state, params).params;
    expectGolden(golden, theta_new, moved, recommended(tolerance));
  });
});
