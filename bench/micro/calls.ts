import type { TensorRuntime } from "@metalearn/core";
import { cpu, tensorflow } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { median } from "../median.js";

const counts = [1, 10, 100];
const [repeats, calls] = [15, 200];

/** Table in Markdown of the time of calls of a few small operations, by engine and mode. */
export async function callTable(): Promise<string> {
  const eager: TensorRuntime["compile"] = (fn) => fn;
  const rows: string[] = [];
  const add = (label: string, compile: TensorRuntime["compile"]) => {
    const times = counts.map((count) => microseconds(compile(sines(count))));
    const [first = 0, , last = 0] = times;
    const each = (last - first) / (100 - 1);
    rows.push(`| ${label} | ${[...times, each].map((time) => time.toFixed(1)).join(" | ")} |`);
  };
  await cpu();
  add("TensorFlow.js in JavaScript", eager);
  const runtime = await tensorflow();
  add("TensorFlow, eager", eager);
  add("TensorFlow, compiled as graph", (fn) => runtime.compile(fn, { mode: "graph" }));
  add("TensorFlow, compiled with XLA", (fn) => runtime.compile(fn, { mode: "xla" }));
  runtime.dispose();
  return `## Sines of eight numbers

Microseconds per call of a function that takes 1, 10 or 100 of them one after another, and what each of the hundred adds.

| | 1 | 10 | 100 | each |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** Operations that no engine can merge or skip. */
const sines = (count: number) => (start: tf.Tensor) => {
  let x = start;
  for (let i = 0; i < count; i++) x = tf.sin(x);
  return x;
};

function microseconds(fn: (x: tf.Tensor) => tf.Tensor): number {
  const x = tf.linspace(0, 1, 8);
  const times = Array.from({ length: repeats }, () => {
    const begun = performance.now();
    for (let i = 0; i < calls; i++) tf.tidy(() => fn(x));
    return ((performance.now() - begun) / calls) * 1000;
  });
  x.dispose();
  return median(times.slice(1));
}
