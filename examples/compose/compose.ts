// Second-order MAML on a small GPT-2, put together in code.
import { maml } from "@metalearn/algorithms-maml";
import { evaluate, metaTrain } from "@metalearn/core";
import { crossfit, generateTasks } from "@metalearn/datasets-crossfit";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { adamw, chain, clipByGlobalNorm, linearSchedule, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";

const seed = 1;
const updates = Number(process.argv[2] ?? 200);
const runtime = await auto(console.warn, { threads: 1 }); // the fastest engine that is set up here

// Parameters are drawn below; a model is only the function from parameters to losses.
const shape = { vocabularySize: 256, maxTokens: 128, width: 64, layers: 2, heads: 2 };
const model = gpt2({ ...shape, initializerRange: 0.1 }, byteTokenizer);

// Small generated tasks. With MetaICL's data it is { root, setting: "hr_to_lr", tokenizer, ... }.
await generateTasks("data/generated", { evaluationSeeds: [100] });
const root = { root: "data/generated", setting: "generated" };
const tasks = await crossfit({ ...root, tokenizer: byteTokenizer, maxTokens: 128, shots: 4 });
const sampler = tasks.sampler({ seed, batchSize: 16 });

// The inner loop adapts the last block to a task; the outer loop moves where it starts from.
const innerOptimizer = sgd({ learningRate: 0.02 });
const learner = maml({ order: 2, innerSteps: 1, tasks: 1, adapt: ["h.1.*"], innerOptimizer });
const learningRate = linearSchedule({ peak: 4e-3, warmup: 20, total: updates });
const optimizer = chain(clipByGlobalNorm(1), adamw({ learningRate }));

let params = await model.init(seed);
for await (const at of metaTrain({
  model,
  learner,
  optimizer,
  sampler,
  params,
  updates,
  runtime,
})) {
  params = at.params;
  if (at.update % 20 === 0) console.log(`update ${at.update}: loss ${at.loss.toFixed(3)}`);
}

const { all } = await evaluate({ model, params, targets: tasks.targets, seeds: [100] });
const [score, chance] = [all.mean, all.chance].map((value) => (100 * value).toFixed(1));
console.log(`${all.tasks} tasks never trained on: ${score} (chance: ${chance})`);
runtime.dispose();
