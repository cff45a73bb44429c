// MAML on sine curves, beside peer.py: second order, one inner step, 10 shots. Prints the mean query
// loss on 600 held-out curves, after meta-training with each seed.
import { parseArgs } from "node:util";
import { maml } from "@metalearn/algorithms-maml";
import { createObjective, mean, metaTrain } from "@metalearn/core";
import { sinusoid } from "@metalearn/datasets-synthetic";
import { mlp } from "@metalearn/models-mlp";
import { adam, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";

const { values } = parseArgs({
  options: {
    updates: { type: "string", default: "2000" },
    seeds: { type: "string", default: "1,2,3" },
  },
});
const updates = Number(values.updates);
const runtime = await auto(console.warn, { threads: 1 });
const model = mlp({ sizes: [1, 40, 40, 1], loss: "mse" });
const learner = maml({ tasks: 25, innerOptimizer: sgd({ learningRate: 0.01 }) });
const optimizer = adam({ learningRate: 1e-3 });
const objective = createObjective(model, { runtime });
const [target] = sinusoid({ shots: 10, targetEpisodes: 600 }).targets;

for (const seed of values.seeds.split(",").map(Number)) {
  const begun = performance.now();
  const sampler = sinusoid().sampler({ seed, batchSize: 10 });
  let params = await model.init(seed);
  const options = { model, learner, optimizer, sampler, params, updates, runtime };
  for await (const at of metaTrain(options)) params = at.params;
  const seconds = (performance.now() - begun) / 1000;
  const state = { optimizer: optimizer.init(params) };
  const losses = target?.episodes(0).map(({ support, query }) =>
    tf.tidy(() => {
      const adapted = learner.adapt(objective, params, support, state);
      return Number(objective.loss(adapted, query).dataSync()[0]);
    }),
  );
  const loss = mean(losses ?? []);
  console.log(JSON.stringify({ seed, updates, loss, seconds }));
}
runtime.dispose();
