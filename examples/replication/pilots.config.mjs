// Every method with every learning rate of the grid, on training tasks that are held out: no target is read.
import { learningRates, methods, pilotName } from "./methods.mjs";

const trained = Object.entries(methods).flatMap(([name, config]) =>
  learningRates.map((rate) => [pilotName(name, rate), config(rate)]),
);

export default {
  extends: "./base.yaml",
  out: "../../runs/replication/pilots",
  tasks: { setting: "settings/dev.json", maxTestExamples: 40 },
  train: { steps: 200 },
  evaluate: { seeds: [100] },
  compare: {
    title: "Pilots: learning rates, chosen on six dev tasks",
    runs: { untrained: {}, ...Object.fromEntries(trained) },
  },
};
