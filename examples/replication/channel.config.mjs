// The headline: all methods on HR -> LR, by the channel method, with three training seeds.
import { chosenRate, methods } from "./methods.mjs";

export default {
  extends: "./base.yaml",
  out: "../../runs/replication/channel",
  compare: {
    title: "HR → LR, channel: SmolLM2-135M-Instruct after 800 sequences of meta-training",
    seeds: [1, 2, 3],
    runs: {
      untrained: {},
      ...Object.fromEntries(
        Object.entries(methods).map(([name, config]) => [name, config(chosenRate(name))]),
      ),
    },
  },
};
