// Number of tasks, inner optimizer and moments at the same number of tokens. The headline has n = 1 and 4.
import { chosenRate, mamlEnLlm, optimizer } from "./methods.mjs";

const one = chosenRate("maml-2-1");
const four = chosenRate("maml-2-4");

/** @param {number} rate @param {object} options */
const run = (rate, options) => ({ learner: mamlEnLlm(rate, options), ...optimizer(rate) });

export default {
  extends: "./base.yaml",
  out: "../../runs/replication/ablations",
  compare: {
    title: "HR → LR, channel: what MAML-en-LLM is made of",
    seeds: [1],
    runs: {
      "n-2": run(one, { tasks: 2 }),
      "n-8": run(four, { tasks: 8 }),
      "inner-sgd": run(four, {
        tasks: 4,
        moments: "separate",
        innerOptimizer: { use: "sgd", learningRate: 1e-2 },
      }),
      ...Object.fromEntries(
        ["copy-last", "reset", "separate"].map((moments) => [
          moments,
          run(four, { tasks: 4, moments }),
        ]),
      ),
    },
  },
};
