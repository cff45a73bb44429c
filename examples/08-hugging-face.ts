// A checkpoint in Hugging Face's format: load it, score it in context, meta-train it, save it back.
// FOLDER holds a GPT-2's config.json and model.safetensors; without one a tiny GPT-2 is written first.
//
//   npx tsx examples/08-hugging-face.ts [FOLDER]
//
//   2 layers of width 64 from ./runs/tiny-gpt2
//   as it is: 41.7 on 12 unseen tasks (chance: 50.0)
//   meta-trained: 81.8 on 12 unseen tasks (chance: 50.0)
//   read back: 81.8 on 12 unseen tasks (chance: 50.0)

import { metaicl } from "@metalearn/algorithms-metaicl";
import { evaluate, metaTrain, type Params } from "@metalearn/core";
import { saveParams } from "@metalearn/core/files";
import { crossfit, generateTasks } from "@metalearn/datasets-crossfit";
import { byteTokenizer, gpt2, gpt2Tokenizer, pretrainedGpt2 } from "@metalearn/models-gpt2";
import { adamw, linearSchedule } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";

const given = process.argv[2];
const runtime = await auto(console.warn, given ? {} : { threads: 1 });
const folder = given ?? (await tinyCheckpoint("./runs/tiny-gpt2"));
const tokenizer = given ? gpt2Tokenizer : byteTokenizer;
const model = await pretrainedGpt2(folder, { tokenizer });
let params = await model.init(0); // the checkpoint's
console.log(`${model.config.layers} layers of width ${model.config.width} from ${folder}`);

await generateTasks("data/generated", { evaluationSeeds: [100] });
const data = { root: "data/generated", setting: "generated", tokenizer };
const tasks = await crossfit({ ...data, maxTokens: 128, shots: 4 });
const score = async (params: Params) => {
  const { all } = await evaluate({ model, params, targets: tasks.targets, seeds: [100], runtime });
  const [mean, chance] = [all.mean, all.chance].map((share) => (100 * share).toFixed(1));
  return `${mean} on ${all.tasks} unseen tasks (chance: ${chance})`;
};
console.log(`as it is: ${await score(params)}`);

const updates = 200;
const learner = metaicl({ batches: 1 });
const learningRate = linearSchedule({ peak: given ? 1e-5 : 4e-3, warmup: 20, total: updates });
const optimizer = adamw({ learningRate });
const sampler = tasks.sampler({ seed: 1, batchSize: 16 });
const training = { model, learner, optimizer, sampler, params, updates, runtime };
for await (const at of metaTrain(training)) params = at.params;
console.log(`meta-trained: ${await score(params)}`);

// GPT2LMHeadModel.from_pretrained("runs/gpt2-metaicl") opens this in Python, and so do we.
await saveParams(model, params, "runs/gpt2-metaicl");
const again = await pretrainedGpt2("./runs/gpt2-metaicl", { tokenizer });
console.log(`read back: ${await score(await again.init(0))}`);
runtime.dispose();

async function tinyCheckpoint(folder: string): Promise<string> {
  const shape = { vocabularySize: 256, maxTokens: 128, width: 64, layers: 2, heads: 2 };
  const tiny = gpt2({ ...shape, initializerRange: 0.1 }, byteTokenizer);
  await saveParams(tiny, await tiny.init(1), folder);
  return folder;
}
