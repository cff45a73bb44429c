// Second-order MAML on a GPT-2, put together in 20 lines: trained on 256 tasks, it answers questions of 12
// others from four demonstrations.
//
//   npx tsx examples/03-maml-on-gpt2.ts
//
//   {
//     tasks: 12,
//     mean: 0.8489583333333334,
//     worst: 0.8489583333333334,
//     chance: 0.5003645833333333
//   }

import { maml } from "@metalearn/algorithms-maml";
import { evaluate, metaTrain } from "@metalearn/core";
import { crossfit, generateTasks } from "@metalearn/datasets-crossfit";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { adamw, linearSchedule, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";

const runtime = await auto(console.warn, { threads: 1 });
const shape = { vocabularySize: 256, maxTokens: 128, width: 64, layers: 2, heads: 2 };
const model = gpt2({ ...shape, initializerRange: 0.1 }, byteTokenizer);
await generateTasks("data/generated"); // small generated tasks, in place of MetaICL's
const data = { root: "data/generated", setting: "generated", tokenizer: byteTokenizer };
const tasks = await crossfit({ ...data, maxTokens: 128, shots: 4 });

const learner = maml({ tasks: 1, taskUnit: "mixture", innerOptimizer: sgd({ learningRate: 0.1 }) });
const optimizer = adamw({ learningRate: linearSchedule({ peak: 4e-3, warmup: 20, total: 200 }) });
const sampler = tasks.sampler({ seed: 1, batchSize: 16 });
let params = await model.init(1);
const training = { model, learner, optimizer, sampler, params, updates: 200, runtime };
for await (const at of metaTrain(training)) params = at.params;
console.log((await evaluate({ model, params, targets: tasks.targets, seeds: [100] })).all);
runtime.dispose();
