// MAML on sine curves (Finn et al. 2017, section 5.1): from 10 points and one gradient step to a curve.
//
//   npx tsx examples/01-sinusoid-maml.ts
//
//   update 100: loss 4.66
//   update 200: loss 2.63
//   update 300: loss 2.96
//   update 400: loss 1.91
//   update 500: loss 2.16
//   explained variance on new curves: 27.2 %, after one step on 10 points: 50.9 %

import { maml } from "@metalearn/algorithms-maml";
import { evaluate, metaTrain } from "@metalearn/core";
import { sinusoid } from "@metalearn/datasets-synthetic";
import { mlp } from "@metalearn/models-mlp";
import { adam, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";

const runtime = await auto(console.warn, { threads: 1 }); // a model of this size is faster on one
const model = mlp({ sizes: [1, 40, 40, 1], loss: "mse" });
const tasks = sinusoid({ shots: 10 });

const learner = maml({ tasks: 25, innerOptimizer: sgd({ learningRate: 0.01 }) });
const optimizer = adam({ learningRate: 1e-3 });
const sampler = tasks.sampler({ seed: 1, batchSize: 10 });
let params = await model.init(1);
const training = { model, learner, optimizer, sampler, params, updates: 500, runtime };
for await (const at of metaTrain(training)) {
  params = at.params;
  if (at.update % 100 === 0) console.log(`update ${at.update}: loss ${at.loss.toFixed(2)}`);
}

// Explained variance on 100 held-out curves, before and after the step.
const scored = { model, params, targets: tasks.targets, seeds: [1], runtime };
const before = await evaluate(scored);
const after = await evaluate({ ...scored, adaptation: { learner } });
const [r2, adapted] = [before, after].map(({ all }) => `${(100 * all.mean).toFixed(1)} %`);
console.log(`explained variance on new curves: ${r2}, after one step on 10 points: ${adapted}`);
runtime.dispose();
