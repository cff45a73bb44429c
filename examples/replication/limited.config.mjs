// Fewer rows of every training task: 16 and 64. The headline has all of them.
import { chosenRate, methods } from "./methods.mjs";

const compared = ["metaicl", "maml-2-1"];
const limited = compared.flatMap((name) =>
  [16, 64].map((maxExamplesPerTask) => [
    `${name}-${maxExamplesPerTask}`,
    { ...methods[name]?.(chosenRate(name)), tasks: { maxExamplesPerTask } },
  ]),
);

export default {
  extends: "./base.yaml",
  out: "../../runs/replication/limited",
  compare: {
    title: "HR → LR, channel, with 16 or 64 rows of each training task",
    seeds: [1],
    runs: Object.fromEntries(limited),
  },
};
