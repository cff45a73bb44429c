import { testLearner } from "@metalearn/core/testing";
import { adamw, sgd } from "@metalearn/optimizers";
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
  reptile,
} from "../src/index.js";

const descent = sgd({ learningRate: 0.05 });
const momentum = sgd({ learningRate: 0.05, momentum: 0.5 });
const adaptive = adamw({ learningRate: 0.02, epsilon: 0.1 });

const secondOrder: Record<string, Partial<MamlOptions>> = {
  "one step": {},
  "three steps": { innerSteps: 3 },
  "three steps over two batches": { innerSteps: 3, support: 2 },
  momentum: { innerSteps: 3, innerOptimizer: momentum },
  adamw: { innerSteps: 2, innerOptimizer: adaptive },
  ...Object.fromEntries(
    (["copy-last", "copy-mean", "one-way"] as const).map((moments) => [
      `moments ${moments}`,
      { innerSteps: 2, innerOptimizer: adaptive, moments },
    ]),
  ),
  "moments of its own": { innerSteps: 2, innerOptimizer: adaptive, moments: "separate", tasks: 1 },
  "part of the parameters": { innerSteps: 2, adapt: ["out.*"] },
  "other tasks' queries": { querySource: "other-tasks" },
};

for (const [title, options] of Object.entries(secondOrder)) {
  testLearner(`maml: ${title}`, {
    create: () => maml({ innerOptimizer: descent, tasks: 2, ...options }),
    optimizer: adaptive,
    badOptions: Object.fromEntries(
      Object.entries({ innerSteps: -1, tasks: 0, support: 0, query: 0 }).map(([name, value]) => [
        name,
        () => maml({ innerOptimizer: descent, ...options, [name]: value }),
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

testLearner("maml: multi-step loss", {
  create: () => maml({ innerOptimizer: descent, tasks: 2, innerSteps: 2, multiStepLoss: {} }),
  skip: { loss: "the query loss after every inner step counts, not only the last" },
});

for (const [name, create] of Object.entries({ anil, boil })) {
  const options = { innerOptimizer: descent, tasks: 2, innerSteps: 2, head: ["out.*"] };
  testLearner(name, {
    create: () => create(options),
    badOptions: { innerSteps: () => create({ ...options, innerSteps: -1 }) },
  });
}

const initialRate = 0.05;

testLearner("meta-sgd", {
  create: () => metaSgd({ initialRate, tasks: 2, innerSteps: 2 }),
  badOptions: { innerSteps: () => metaSgd({ innerSteps: 0 }) },
});

testLearner("lslr", {
  create: () => lslr({ initialRate, tasks: 2, innerSteps: 2 }),
  badOptions: { innerSteps: () => lslr({ innerSteps: 0 }) },
});

testLearner("reptile", {
  create: () => reptile({ innerOptimizer: descent, tasks: 2, innerSteps: 2 }),
  badOptions: { innerSteps: () => reptile({ innerOptimizer: descent, innerSteps: 0 }) },
  skip: { gradient: "Reptile moves towards adapted parameters, not along a gradient" },
});

testLearner("imaml", {
  create: () =>
    imaml({
      innerOptimizer: sgd({ learningRate: 0.1, momentum: 0.8 }),
      innerSteps: 120,
      proximalWeight: 2,
      solverSteps: 12,
      tasks: 1,
    }),
  badOptions: Object.fromEntries(
    ["innerSteps", "solverSteps", "proximalWeight"].map((name) => [
      name,
      () => imaml({ innerOptimizer: descent, [name]: 0 }),
    ]),
  ),
});

testLearner("bmg", {
  create: () => bmg({ innerOptimizer: momentum, tasks: 2, innerSteps: 2 }),
  badOptions: Object.fromEntries(
    ["innerSteps", "targetSteps"].map((name) => [
      name,
      () => bmg({ innerOptimizer: descent, [name]: 0 }),
    ]),
  ),
  skip: { gradient: "that of the distance to a target, where the loss is that of the query" },
});

testLearner("maml-en-llm", {
  create: () => mamlEnLlm({ innerOptimizer: adaptive, tasks: 1, size: 2 }),
  badOptions: {
    tasks: () => mamlEnLlm({ innerOptimizer: adaptive, tasks: 0 }),
    innerSteps: () => mamlEnLlm({ innerOptimizer: adaptive, innerSteps: 0.5 }),
  },
  optimizer: adaptive,
});

const threaded = "a task starts from the moments that the task before it left";
testLearner("maml-en-llm: several tasks", {
  create: () => mamlEnLlm({ innerOptimizer: adaptive, tasks: 3 }),
  optimizer: adaptive,
  skip: { loss: threaded, gradient: `${threaded}, which count as constants` },
});
