// A variant of MAML's inner loop: the query reads not where the inner steps end, but a mean of the points that they
// reach, with meta-learned weights. Its meta-gradient is exact, and is found without a tape over the steps:
// `descend` takes them and keeps what the way back needs; `backpropagate` goes back, from the end and from the points
// on the way. The weights have a learning rate of their own, and the learner logs the last one.
//
//   npx tsx examples/10-own-inner-loop.ts
//
//   update 1: loss 4.44, weight of the last step 0.33
//   update 150: loss 3.73, weight of the last step 0.47
//   update 300: loss 1.01, weight of the last step 0.80
//   40.3 % of new curves explained

import { realpathSync } from "node:fs";
import {
  backpropagate,
  descend,
  freshStart,
  innerLoops,
  type Trajectory,
} from "@metalearn/algorithms-maml";
import {
  dotParams,
  evaluate,
  type Learner,
  type MetaOptimizer,
  mapParams,
  meanGradient,
  metaTrain,
  modelParams,
  type Params,
  tensorNamed,
  tidy,
} from "@metalearn/core";
import { sinusoid } from "@metalearn/datasets-synthetic";
import { mlp } from "@metalearn/models-mlp";
import { adam, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";

export interface AveragedOptions {
  readonly innerOptimizer: MetaOptimizer;
  readonly innerSteps: number;
  readonly tasks: number;
}

/** MAML whose adapted parameters are a mean of those after each inner step: `sum_j softmax(w)_j phi_j`. */
export function averagedMaml({ innerOptimizer, innerSteps, tasks }: AveragedOptions): Learner {
  const openLoop = innerLoops(innerOptimizer, ["*"]);
  const weightsOf = (params: Params) => tf.softmax(tensorNamed(params, "learner.average"));
  const scalars = (weights: tf.Tensor) => tf.unstack(weights) as tf.Scalar[];
  return {
    name: "averaged-maml",
    episodes: { tasks, support: 1, query: 1, querySource: "same-task", unit: "task" },
    metaParams: () => ({ "learner.average": tf.zeros([innerSteps]) }),

    adapt(objective, params, support, state) {
      return tidy(() => {
        const own = modelParams(params);
        const start = freshStart(innerOptimizer, own, state, innerSteps);
        const trajectory = descend(openLoop(objective, own), own, support, start, 1);
        return average(reached(trajectory), scalars(weightsOf(params)));
      });
    },

    metaGradient(objective, params, episodes, state) {
      const own = modelParams(params);
      const loop = openLoop(objective, own);
      const weights = weightsOf(params);
      const shares = scalars(weights);
      const mean = meanGradient(episodes, ({ support, query }) => {
        const start = freshStart(innerOptimizer, own, state, innerSteps);
        const trajectory = descend(loop, own, support, start, 2);
        const points = reached(trajectory);
        const { loss, gradients } = objective.gradient(average(points, shares), query);
        // The derivative by a point is its share of the gradient; by a share, the gradient times the point.
        const slopes = tf.stack(points.map((point) => dotParams(gradients, point)));
        const centred = tf.sub(slopes, tf.sum(tf.mul(weights, slopes)));
        const byPoint = shares.map((share) => mapParams((g) => tf.mul(g, share), gradients));
        const { gradient } = backpropagate(loop, trajectory, byPoint.at(-1) as Params, {
          onTheWay: [undefined, ...byPoint.slice(0, -1)],
        });
        return {
          loss,
          gradients: { ...gradient, "learner.average": tf.mul(weights, centred) }, // of the softmax
        };
      });
      return { ...mean, state, metrics: { lastWeight: shares.at(-1) as tf.Scalar } };
    },
  };
}

/** Parameters after each inner step. */
function reached({ steps, params }: Trajectory): Params[] {
  return [...steps.slice(1).map((step) => step.params), params];
}

function average(points: readonly Params[], shares: readonly tf.Scalar[]): Params {
  const mean = (...tensors: tf.Tensor[]) =>
    tf.addN(tensors.map((tensor, j) => tf.mul(tensor, shares[j] as tf.Scalar)));
  const [first = {}, ...others] = points;
  return mapParams(mean, first, ...others);
}

// The rest runs where this file is the program, and not where a config or a program imports it.

/** Meta-trains on sine curves and scores new ones. */
async function demonstrate(): Promise<void> {
  const runtime = await auto(console.warn, { threads: 1 });
  const model = mlp({ sizes: [1, 40, 40, 1], loss: "mse" });
  const innerOptimizer = sgd({ learningRate: 0.01 });
  const learner = averagedMaml({ innerOptimizer, innerSteps: 3, tasks: 5 });
  const groups = [{ pattern: "learner.*", learningRate: 0.01 }];
  const optimizer = adam({ learningRate: 1e-3, groups });
  const tasks = sinusoid();
  const sampler = tasks.sampler({ seed: 1, batchSize: 10 });
  let params = await model.init(1);
  const training = { model, learner, optimizer, sampler, params, updates: 300, runtime };
  for await (const at of metaTrain(training)) {
    params = at.params;
    if (at.update !== 1 && at.update % 150 !== 0) continue;
    const weight = at.metrics.lastWeight?.toFixed(2);
    console.log(
      `update ${at.update}: loss ${at.loss.toFixed(2)}, weight of the last step ${weight}`,
    );
  }
  const scored = { model, params, targets: tasks.targets, seeds: [1], adaptation: { learner } };
  const { all } = await evaluate(scored);
  console.log(`${(100 * all.mean).toFixed(1)} % of new curves explained`);
  runtime.dispose();
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) await demonstrate();
