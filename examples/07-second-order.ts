// How much second order there is: the meta-gradient of MAML with and without the derivative of its
// inner steps, on the same episodes and from the same parameters, as the inner steps grow longer.
//
//   npx tsx examples/07-second-order.ts
//
//   before training
//    inner rate   share   angle
//         0.001   0.046    1.4°
//         0.003   0.131    4.5°
//          0.01   0.354   16.8°
//          0.03   0.638   39.5°
//           0.1   1.233   49.7°
//   after 200 meta-updates at an inner rate of 0.01
//    inner rate   share   angle
//         0.001   0.070    3.3°
//         0.003   0.184    9.8°
//          0.01   0.251   14.2°
//          0.03   0.543   30.5°
//           0.1  11.180  105.6°

import { maml } from "@metalearn/algorithms-maml";
import {
  createObjective,
  dotParams,
  globalNorm,
  mapParams,
  metaTrain,
  type Params,
  tidy,
} from "@metalearn/core";
import { sinusoid } from "@metalearn/datasets-synthetic";
import { mlp } from "@metalearn/models-mlp";
import { adam, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";

const runtime = await auto(console.warn, { threads: 1 });
const model = mlp({ sizes: [1, 40, 40, 1], loss: "mse", activation: "tanh" });
const tasks = sinusoid();
const rates = [0.001, 0.003, 0.01, 0.03, 0.1];
const mamlOf = (order: 1 | 2, learningRate: number) =>
  maml({ order, innerSteps: 3, tasks: 10, innerOptimizer: sgd({ learningRate }) });

/** Effect of the second order: its part relative to the first-order meta-gradient's norm, and the angle between the two. */
function compare(params: Params, learningRate: number) {
  return tidy(() => {
    const { episodes } = mamlOf(1, learningRate);
    const drawn = tasks.sampler({ seed: 7, batchSize: 10 }).next(episodes);
    const state = { optimizer: { step: 0, update: 0, slots: {} } };
    const [first, second] = ([1, 2] as const).map((order) => {
      const learner = mamlOf(order, learningRate);
      return learner.metaGradient(createObjective(model), params, drawn, state).gradients;
    }) as [Params, Params];
    const value = (scalar: tf.Scalar) => Number(scalar.dataSync()[0]);
    const [a, b] = [value(globalNorm(first)), value(globalNorm(second))];
    const part = value(globalNorm(mapParams((x, y) => tf.sub(x, y), second, first)));
    const cosine = Math.min(1, value(dotParams(first, second)) / (a * b));
    return { share: part / a, degrees: (180 / Math.PI) * Math.acos(cosine) };
  });
}

function print(title: string, params: Params) {
  console.log(`${title}\n inner rate   share   angle`);
  for (const rate of rates) {
    const { share, degrees } = compare(params, rate);
    console.log(
      `${rate.toString().padStart(11)}  ${share.toFixed(3).padStart(6)}  ${degrees.toFixed(1).padStart(5)}°`,
    );
  }
}

let params = await model.init(1);
print("before training", params);
const sampler = tasks.sampler({ seed: 1, batchSize: 10 });
const learner = mamlOf(2, 0.01);
const optimizer = adam({ learningRate: 1e-3 });
const training = { model, learner, optimizer, sampler, params, updates: 200, runtime };
for await (const at of metaTrain(training)) params = at.params;
print("after 200 meta-updates at an inner rate of 0.01", params);
runtime.dispose();
