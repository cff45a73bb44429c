// Measures one kind of work on our side, in a process of its own so that its peak memory is its own. Prints
// one line of JSON. Tokens are random, as in the PyTorch peer.
import { parseArgs } from "node:util";
import {
  type CompileOptions,
  createObjective,
  dotParams,
  globalNorm,
  type Learner,
  type MetaUpdate,
  metaTrain,
  type Precision,
  randomFor,
  type TaskSampler,
  type TokenBatch,
  type TokenSequence,
  tidy,
  tokenBatch,
} from "@metalearn/core";
import { questionScorer } from "@metalearn/core/testing";
import { adamw, chain, clipByGlobalNorm } from "@metalearn/optimizers";
import { type Device, tensorflow } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { compilingIn } from "./compilingIn.js";
import { learnerOf } from "./learnerOf.js";
import { openModel } from "./openModel.js";
import { memoryPeaks } from "./peakMiB.js";

const { values } = parseArgs({
  options: {
    work: { type: "string", default: "metaicl" },
    weights: { type: "string", default: "" },
    time: { type: "string", default: "256" },
    tasks: { type: "string", default: "1" },
    inner: { type: "string", default: "1" },
    /** Query batches per task. @default as many as inner steps, as in MAML-en-LLM */
    queries: { type: "string" },
    steps: { type: "string", default: "3" },
    warmup: { type: "string", default: "1" },
    scored: { type: "string", default: "8" },
    mode: { type: "string", default: "auto" },
    precision: { type: "string", default: "float32" },
    /** Gradient checkpointing: layer by layer, in less memory. */
    checkpointing: { type: "boolean", default: false },
    /** `cpu` or `cuda:0`. @default the first GPU where there is one */
    device: { type: "string" },
    /** TensorFloat-32: rounds operands of float32 products on a GPU to 11 bits. */
    tf32: { type: "boolean", default: false },
  },
});
const [time, tasks, inner, steps, warmup, scored] = (
  ["time", "tasks", "inner", "steps", "warmup", "scored"] as const
).map((name) => Number(values[name])) as [number, number, number, number, number, number];

const { device, tf32 } = values;
const engine = await tensorflow({ tf32, ...(device && { device: device as Device }) });
const compileOptions = { mode: values.mode, precision: values.precision } as CompileOptions;
const runtime = compilingIn(engine, compileOptions);
const model = await openModel(values.weights);
const params = await model.init(1);
const random = randomFor("bench");
const sampler: TaskSampler<TokenBatch> = {
  next: ({ tasks, support, query }) =>
    Array.from({ length: tasks }, () => ({
      tasks: ["random tokens"],
      support: Array.from({ length: support }, () => tokenBatch([sequence()])),
      query: tokenBatch(Array.from({ length: query }, sequence)),
    })),
  state: () => ({}),
  restore: () => {},
};

const measured = values.work === "score" ? await score() : await train();
console.log(JSON.stringify({ ...measured, seconds: measured.seconds.slice(warmup) }));
runtime.dispose();

async function train() {
  const innerOptimizer = adamw({ learningRate: 1e-5 });
  const chosen = learnerOf(values.work, { tasks, size: inner, innerOptimizer });
  const query = Number(values.queries ?? chosen.episodes.query);
  const learner = { ...chosen, episodes: { ...chosen.episodes, query } };
  const outer = adamw({ learningRate: 1e-5 });
  const optimizer = values.work === "metaicl" ? chain(clipByGlobalNorm(1), outer) : outer;
  const gradientCheckpointing = values.checkpointing;
  const training = {
    ...{ model, learner, optimizer, sampler, params, runtime },
    ...{ consume: true, gradientCheckpointing },
  };
  const seconds: number[] = [];
  let last: MetaUpdate | undefined;
  for await (const at of metaTrain({ ...training, updates: warmup + steps })) {
    seconds.push(at.seconds);
    last = at;
  }
  const peak = memoryPeaks(engine); // before the gradients below are computed
  const compares = values.precision === "bfloat16" && learner.episodes.support > 0 && last;
  return { seconds, ...peak, ...(compares && { cosine: cosine(learner, compares) }) };
}

/**
 * Cosine between the meta-gradients in bfloat16 and in float32, with moments from the timed updates: AdamW's
 * very first step divides gradients by themselves, so that no precision could agree there.
 */
function cosine(learner: Learner, { params, state }: MetaUpdate): number {
  const value = tidy(() => {
    const episodes = sampler.next(learner.episodes);
    const gradientIn = (precision: Precision) => {
      const rounding = compilingIn(engine, { ...compileOptions, precision });
      const objective = createObjective(model, { runtime: rounding });
      return learner.metaGradient(objective, params, episodes, state).gradients;
    };
    const [rounded, exact] = [gradientIn("bfloat16"), gradientIn("float32")];
    return tf.div(dotParams(rounded, exact), tf.mul(globalNorm(rounded), globalNorm(exact)));
  });
  return Number(value.dataSync()[0]);
}

/** Sixteen options that share their demonstrations, like the peer's score rows. */
async function score() {
  const demonstrations = 16;
  const suffix = Math.max(scored + 1, Math.floor(time / (demonstrations + 1)));
  const scorer = questionScorer({ model, params, runtime });
  const seconds: number[] = [];
  for (let step = 0; step < warmup + steps; step++) {
    const prefix = tokens(time - suffix);
    const sequences = Array.from({ length: 16 }, () => ({
      ids: [...prefix, ...tokens(suffix)],
      scoredFrom: time - scored,
    }));
    const begun = performance.now();
    await scorer([{ sequences }]);
    seconds.push((performance.now() - begun) / 1000);
  }
  return { seconds, ...memoryPeaks(engine) };
}

function tokens(count: number): number[] {
  return Array.from({ length: count }, () => random.integer(model.config.vocabularySize));
}

function sequence(): TokenSequence {
  return { ids: tokens(time), scoredFrom: time - scored };
}
