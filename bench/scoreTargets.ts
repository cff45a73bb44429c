// Scores the questions of real target tasks as an evaluation does, in a process of its own. The time includes
// compiling. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { questionScorer } from "@metalearn/core/testing";
import { pretrainedGpt2 } from "@metalearn/models-gpt2";
import { tensorflow } from "@metalearn/runtime-tensorflow";
import { peakMiB } from "./peakMiB.js";
import type { QuestionSet } from "./targetQuestions.js";

const { values } = parseArgs({
  options: {
    weights: { type: "string", default: "" },
    questions: { type: "string", default: "" },
  },
});
const sets: readonly QuestionSet[] = JSON.parse(readFileSync(values.questions, "utf8"));
const runtime = await tensorflow();
const model = await pretrainedGpt2(values.weights);
const params = await model.init(1);

const begun = performance.now();
const scorer = questionScorer({ model, params, runtime });
const losses: number[] = [];
for (const { questions } of sets) {
  losses.push(...(await scorer(questions.map((sequences) => ({ sequences })))));
}
const seconds = (performance.now() - begun) / 1000;

const remaining = losses.values();
const scores = sets
  .flatMap(({ questions }) => questions)
  .map((sequences) => sequences.map(() => remaining.next().value));
const compiled = runtime.compilations();
const compiling = {
  shapes: compiled.length,
  seconds: compiled.reduce((sum, { traceMs, firstRunMs }) => sum + traceMs + firstRunMs, 0) / 1000,
};
console.log(JSON.stringify({ seconds: [seconds], peakMiB: peakMiB(), scores, compiling }));
runtime.dispose();
