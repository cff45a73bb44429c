// The models of the headline's first seed after 1, 5 and 20 steps on a target's own demonstrations.
import { methods } from "./methods.mjs";

const weights = {
  untrained: undefined,
  ...Object.fromEntries(
    Object.keys(methods).map((name) => [name, `../../runs/replication/channel/${name}-seed1`]),
  ),
};
const adapted = Object.entries(weights).flatMap(([name, run]) =>
  [1, 5, 20].map((innerSteps) => [
    `${name}-${innerSteps}`,
    {
      ...(run && { model: { weights: run } }),
      learner: {
        use: "fine-tune",
        innerSteps,
        innerOptimizer: { use: "adamw", learningRate: 1e-5 },
      },
      train: { steps: 0 },
      evaluate: { adapt: "own" },
    },
  ]),
);

export default {
  extends: "./base.yaml",
  out: "../../runs/replication/adaptation",
  evaluate: { seeds: [100] },
  compare: {
    title: "HR → LR, channel, after adaptation to each target's four demonstrations",
    seeds: [1],
    runs: Object.fromEntries(adapted),
  },
};
