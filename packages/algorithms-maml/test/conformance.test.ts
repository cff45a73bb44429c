import { testLearner } from "@metalearn/core/testing";
import { adamw, sgd } from "@metalearn/optimizers";
import { type MamlOptions, maml, mamlEnLlm } from "../src/index.js";

const descent = sgd({ learningRate: 0.05 });
const momentum = sgd({ learningRate: 0.05, momentum: 0.5 });
const moments = adamw({ learningRate: 0.02, epsilon: 0.1 });

const secondOrder: Record<string, Partial<MamlOptions>> = {
  "one step": {},
  "three steps": { innerSteps: 3 },
  "three steps over two batches": { innerSteps: 3, support: 2 },
  momentum: { innerSteps: 3, innerOptimizer: momentum },
  adamw: { innerSteps: 2, innerOptimizer: moments },
  "moments of its own": { innerSteps: 2, innerOptimizer: moments, moments: "separate", tasks: 1 },
  "part of the parameters": { innerSteps: 2, adapt: ["out.*"] },
  "other tasks' queries": { querySource: "other-tasks" },
};

for (const [title, options] of Object.entries(secondOrder)) {
  testLearner(`maml: ${title}`, {
    create: () => maml({ innerOptimizer: descent, tasks: 2, ...options }),
    badOptions: Object.fromEntries(
      ["innerSteps", "tasks", "support", "query"].map((count) => [
        count,
        () => maml({ innerOptimizer: descent, ...options, [count]: 0 }),
      ]),
    ),
  });
}

testLearner("maml: all pairs", {
  create: () => maml({ innerOptimizer: descent, tasks: 2, queries: "all-pairs" }),
  skip: { loss: "adapted parameters meet the queries of all tasks, not only their own" },
});

testLearner("fomaml", {
  create: () => maml({ innerOptimizer: descent, tasks: 2, innerSteps: 2, order: 1 }),
  skip: { gradient: "a first-order approximation, which leaves out the inner Jacobian" },
});

testLearner("maml-en-llm", {
  create: () => mamlEnLlm({ innerOptimizer: moments, tasks: 1, size: 2 }),
  optimizer: moments,
});

const threaded = "a task starts from the moments that the task before it left";
testLearner("maml-en-llm: several tasks", {
  create: () => mamlEnLlm({ innerOptimizer: moments, tasks: 3 }),
  optimizer: moments,
  skip: { loss: threaded, gradient: `${threaded}, which count as constants` },
});
