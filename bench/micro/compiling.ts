import { type CompileMode, createObjective, randomFor, tokenBatch } from "@metalearn/core";
import { gpt2, gpt2Tokenizer } from "@metalearn/models-gpt2";
import { tensorflow } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { median } from "../median.js";
import { type SizeName, sizes } from "../sizes.js";

const modes: readonly CompileMode[] = ["graph", "xla"];
const [time, scored, laterRuns] = [256, 8, 3];

/** Table in Markdown of the time of compiling a model's gradient. */
export async function compileTable(size: SizeName): Promise<string> {
  const runtime = await tensorflow();
  const model = gpt2(sizes[size], gpt2Tokenizer);
  const params = await model.init(1);
  const random = randomFor("micro");
  const ids = Array.from({ length: time }, () => random.integer(model.config.vocabularySize));
  const batch = tokenBatch([{ ids, scoredFrom: time - scored }]);
  const rows = modes.map((mode) => {
    const compile: typeof runtime.compile = (fn, options) =>
      runtime.compile(fn, { ...options, mode });
    const { gradient } = createObjective(model, { runtime: { compile } });
    tf.dispose({ ...gradient(params, batch) });
    const { operations, traceMs, firstRunMs } = runtime.compilations().at(-1) ?? {};
    const later = Array.from({ length: laterRuns }, () => {
      const begun = performance.now();
      tf.dispose({ ...gradient(params, batch) });
      return performance.now() - begun;
    });
    const seconds = [traceMs, firstRunMs, median(later)].map((ms = 0) => (ms / 1000).toFixed(2));
    return `| ${mode} | ${operations} | ${seconds.join(" | ")} |`;
  });
  runtime.dispose();
  return `## Compiling a gradient

Of ${size} with ${time} tokens, ${scored} of them scored: operations in the graph; seconds to record them, to run them for the first time, when the engine compiles them, and to run them later.

| mode | operations | record | first run | later runs |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}
