// Measures one row on our side, in a process of its own so that its peak memory is its own. Prints
// one line of JSON. GPT-2 with random weights and random tokens, as in the PyTorch peer.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { mamlEnLlm } from "@metalearn/algorithms-maml";
import { metaicl } from "@metalearn/algorithms-metaicl";
import {
  type CompileOptions,
  type Learner,
  metaTrain,
  questionScorer,
  randomFor,
  type TaskSampler,
  type TensorRuntime,
  type TokenBatch,
  type TokenSequence,
  tokenBatch,
} from "@metalearn/core";
import { gpt2, gpt2Sizes, gpt2Tokenizer } from "@metalearn/models-gpt2";
import { adamw, chain, clipByGlobalNorm } from "@metalearn/optimizers";
import { tensorflow } from "@metalearn/runtime-tensorflow";

const { values } = parseArgs({
  options: {
    work: { type: "string", default: "metaicl" },
    size: { type: "string", default: "gpt2" },
    time: { type: "string", default: "256" },
    tasks: { type: "string", default: "1" },
    inner: { type: "string", default: "1" },
    steps: { type: "string", default: "3" },
    warmup: { type: "string", default: "1" },
    scored: { type: "string", default: "8" },
    mode: { type: "string", default: "auto" },
    precision: { type: "string", default: "float32" },
  },
});
const [time, tasks, inner, steps, warmup, scored] = (
  ["time", "tasks", "inner", "steps", "warmup", "scored"] as const
).map((name) => Number(values[name])) as [number, number, number, number, number, number];

const engine = await tensorflow();
const runtime = withOptions(engine, values.mode, values.precision);
const model = gpt2(gpt2Sizes[values.size as keyof typeof gpt2Sizes], gpt2Tokenizer);
const params = await model.init(1);
const random = randomFor("bench");

const seconds = values.work === "score" ? await score() : await train();
console.log(
  JSON.stringify({ seconds: seconds.slice(warmup), peakMiB: peakMiB(), ...compilations() }),
);
runtime.dispose();

async function train(): Promise<number[]> {
  const innerOptimizer = adamw({ learningRate: 1e-5 });
  const learners: Record<string, () => Learner> = {
    metaicl: () => metaicl(),
    fomaml: () => mamlEnLlm({ order: 1, tasks, size: inner, innerOptimizer }),
    maml2: () => mamlEnLlm({ order: 2, tasks, size: inner, innerOptimizer }),
  };
  const learner = learners[values.work]?.();
  if (!learner) throw new Error(`--work should be score, ${Object.keys(learners).join(", ")}`);
  const outer = adamw({ learningRate: 1e-5 });
  const optimizer = values.work === "metaicl" ? chain(clipByGlobalNorm(1), outer) : outer;
  const batch = () => tokenBatch([sequence(time)]);
  const sampler: TaskSampler<TokenBatch> = {
    next: ({ tasks, support, query }) =>
      Array.from({ length: tasks }, () => ({
        tasks: ["random tokens"],
        support: Array.from({ length: support }, batch),
        query: tokenBatch(Array.from({ length: query }, () => sequence(time))),
      })),
    state: () => ({}),
    restore: () => {},
  };
  const measured: number[] = [];
  const updates = warmup + steps;
  for await (const at of metaTrain({
    model,
    learner,
    optimizer,
    sampler,
    params,
    consume: true,
    updates,
    runtime,
  })) {
    measured.push(at.seconds);
  }
  return measured;
}

/** Sixteen options that share their demonstrations, as the peer's score rows. */
async function score(): Promise<number[]> {
  const demonstrations = 16;
  const suffix = Math.max(scored + 1, Math.floor(time / (demonstrations + 1)));
  const scorer = questionScorer({ model, params, runtime });
  const measured: number[] = [];
  for (let step = 0; step < warmup + steps; step++) {
    const prefix = tokens(time - suffix);
    const sequences = Array.from({ length: 16 }, () => ({
      ids: [...prefix, ...tokens(suffix)],
      scoredFrom: time - scored,
    }));
    const begun = performance.now();
    await scorer([{ sequences }]);
    measured.push((performance.now() - begun) / 1000);
  }
  return measured;
}

function tokens(count: number): number[] {
  return Array.from({ length: count }, () => random.integer(model.config.vocabularySize));
}

function sequence(length: number): TokenSequence {
  return { ids: tokens(length), scoredFrom: length - scored };
}

function withOptions(base: TensorRuntime, mode: string, precision: string): TensorRuntime {
  if (mode === "eager") return { ...base, compile: (fn) => fn };
  const chosen = { mode, precision } as CompileOptions;
  return { ...base, compile: (fn, options) => base.compile(fn, { ...options, ...chosen }) };
}

function peakMiB(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

function compilations() {
  const all = runtime.compilations();
  return {
    traceMs: Math.round(all.reduce((sum, { traceMs }) => sum + traceMs, 0)),
    firstRunMs: Math.round(all.reduce((sum, { firstRunMs }) => sum + firstRunMs, 0)),
    modes: [...new Set(all.map(({ mode }) => mode))],
  };
}
