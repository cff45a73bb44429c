// MetaICL on your own CSV: trained on other tasks, a model answers yours from a few of its rows.
//
//   npx tsx examples/02-metaicl-on-your-csv.ts [FILE.csv]
//
//   8 rows to answer, 10 to show some of
//   before training: 0.0 % right (chance: 15.9 %)
//   after MetaICL: 72.5 % right (chance: 15.9 %)

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { metaicl } from "@metalearn/algorithms-metaicl";
import { evaluate, metaTrain } from "@metalearn/core";
import { addTask, crossfit, generateTasks } from "@metalearn/datasets-crossfit";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { adamw, linearSchedule } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";

const runtime = await auto(console.warn, { threads: 1 });
const shape = { vocabularySize: 256, maxTokens: 128, width: 64, layers: 2, heads: 2 };
const model = gpt2({ ...shape, initializerRange: 0.1 }, byteTokenizer);

// Tasks to learn from: of two animals, which one does somebody like? For real ones, which this model is
// too small for: `metalearn data download hr_to_lr`.
const root = "data/own";
await rm(root, { recursive: true, force: true });
await generateTasks(root, { shots: 6, evaluationSeeds: [100] });

// Yours: columns of a CSV and what may be answered. 8 rows are asked, and 6 of the others shown, which
// ones the seeds decide.
const seeds = [1, 2, 3, 4, 5];
const added = await addTask({
  source: process.argv[2] ?? join(import.meta.dirname, "pets.csv"),
  root,
  setting: "generated",
  task: "pets",
  use: "target",
  input: ["offered"],
  output: "chosen",
  labels: ["cat", "dog", "fox", "hen", "pig", "rat"],
  testRows: 8,
  shots: 6,
  seeds,
});
console.log(`${added.testRows} rows to answer, ${added.trainRows} to show some of`);

const data = { root, setting: "generated", targets: ["pets"], tokenizer: byteTokenizer };
const tasks = await crossfit({ ...data, maxTokens: 128, shots: 6, metrics: "accuracy" });
const learner = metaicl({ batches: 1 });
const updates = 300;
const optimizer = adamw({
  learningRate: linearSchedule({ peak: 4e-3, warmup: 20, total: updates }),
});
const sampler = tasks.sampler({ seed: 1, batchSize: 16 });
const score = async () => {
  const { all } = await evaluate({ model, params, targets: tasks.targets, seeds, runtime });
  const [mean, chance] = [all.mean, all.chance].map((share) => (100 * share).toFixed(1));
  return `${mean} % right (chance: ${chance} %)`;
};

let params = await model.init(1);
console.log(`before training: ${await score()}`);
const training = { model, learner, optimizer, sampler, params, updates, runtime };
for await (const at of metaTrain(training)) params = at.params;
console.log(`after MetaICL: ${await score()}`);
runtime.dispose();
