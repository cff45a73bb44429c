import { reptile } from "@metalearn/algorithms-maml";
import { createObjective } from "@metalearn/core";
import { sgd } from "@metalearn/optimizers";
import { describe, test } from "vitest";
import { bestEngine, useEngine } from "../support/engines.js";
import {
  expectGolden,
  recommended,
  type Stored,
  sourcesOf,
  type ToleranceBlock,
} from "../support/golden.js";
import { problems } from "../support/mamlProblems.js";

interface File {
  readonly reptile: {
    readonly K: number;
    readonly alpha: number;
    readonly epsilon: number;
    readonly theta_new: Stored;
    readonly tolerance: ToleranceBlock;
  };
}

describe.each(sourcesOf("maml/gpt2_tiny.json"))(
  `Reptile on ${bestEngine.name} equals PyTorch ($name)`,
  (source) => {
    useEngine(bestEngine);

    test.each(problems)("on $name", async ({ open }) => {
      const { golden, model, params, episodes } = await open<File>(source);
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
  },
);
