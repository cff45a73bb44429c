// The same by the direct method with one seed, and two more: the paper's moments to the letter, and MetaICT.
import { chosenRate, mamlEnLlm, methods, optimizer } from "./methods.mjs";

const four = chosenRate("maml-2-4");

export default {
  extends: "./base.yaml",
  out: "../../runs/replication/direct",
  tasks: { method: "direct" },
  compare: {
    title: "HR → LR, direct: SmolLM2-135M-Instruct after 800 sequences of meta-training",
    seeds: [1],
    runs: {
      untrained: {},
      ...Object.fromEntries(
        Object.entries(methods).map(([name, config]) => [name, config(chosenRate(name))]),
      ),
      // 4.3: the state of the last inner optimizer is copied to the outer one.
      "maml-2-4-copy-last": {
        learner: mamlEnLlm(four, { tasks: 4, moments: "copy-last" }),
        ...optimizer(four),
      },
      metaict: { learner: { use: "metaict" }, ...optimizer(chosenRate("metaicl")) },
    },
  },
};
