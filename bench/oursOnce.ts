// Computes one kind of work once, on the tokens of checkInputs.ts, for the peer to compare: prints a loss and writes
// its gradient as a checkpoint, or prints scores. In one line of JSON.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  type CompileOptions,
  createObjective,
  globalNorm,
  type TokenSequence,
  tokenBatch,
} from "@metalearn/core";
import { saveParams } from "@metalearn/core/files";
import { questionScorer } from "@metalearn/core/testing";
import { adamw } from "@metalearn/optimizers";
import { tensorflow } from "@metalearn/runtime-tensorflow";
import type { CheckInputs } from "./checkInputs.js";
import { compilingIn } from "./compilingIn.js";
import { learnerOf } from "./learnerOf.js";
import { openModel } from "./openModel.js";

const { values } = parseArgs({
  options: {
    work: { type: "string", default: "metaicl" },
    weights: { type: "string", default: "" },
    check: { type: "string", default: "" },
    out: { type: "string", default: "" },
    precision: { type: "string", default: "float32" },
  },
});
const inputs: CheckInputs = JSON.parse(readFileSync(values.check, "utf8"));
const compileOptions = { precision: values.precision } as CompileOptions;
const engine = await tensorflow({ device: "cpu" });
const runtime = compilingIn(engine, compileOptions);
const model = await openModel(values.weights);
const params = await model.init(1);
console.log(JSON.stringify(values.work === "score" ? await score() : await gradient()));
runtime.dispose();

async function score() {
  const { prefix, suffixes } = inputs;
  const sequences = suffixes.map((suffix) => sequence([...prefix, ...suffix]));
  const losses = await questionScorer({ model, params, runtime })([{ sequences }]);
  return { scores: [[...losses]] };
}

async function gradient() {
  const { learningRate, epsilon, support, query } = inputs;
  const innerOptimizer = adamw({ learningRate, epsilon });
  const learner = learnerOf(values.work, { tasks: 1, size: 1, innerOptimizer });
  const episode = {
    tasks: ["random tokens"],
    support: learner.episodes.support > 0 ? [tokenBatch([sequence(support)])] : [],
    query: tokenBatch([sequence(query)]),
  };
  const state = { optimizer: innerOptimizer.init(params) };
  const objective = createObjective(model, { runtime });
  const { loss, gradients } = learner.metaGradient(objective, params, [episode], state);
  await saveParams(model, gradients, values.out);
  return { loss: Number(loss.dataSync()[0]), norm: Number(globalNorm(gradients).dataSync()[0]) };
}

function sequence(ids: readonly number[]): TokenSequence {
  return { ids: [...ids], scoredFrom: ids.length - inputs.scored };
}
