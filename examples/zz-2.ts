import { maml } from "@metalearn/algorithms-maml";
import { createObjective } from "@metalearn/core";
import { toyModel, toySampler } from "@metalearn/core/testing";
import { sgd } from "@metalearn/optimizers";

const model = toyModel();
const params = await model.init(1);
const innerOptimizer = sgd({ learningRate: 0.1 });
const learner = maml({ innerOptimizer, innerSteps: 5 });
const objective = createObjective(model);
const [episode] = toySampler(1).next(learner.episodes);
if (episode) {
  const state = { optimizer: innerOptimizer.init(params) };
  const adapted = learner.adapt(objective, params, episode.support, state);
  objective.loss(adapted, episode.query).print();
}
