// MAML whose inner loop adapts a LoRA, over a GPT-2 that stays as it is.
import { lora, mergeLora } from "@metalearn/adapters";
import { maml } from "@metalearn/algorithms-maml";
import { metaicl } from "@metalearn/algorithms-metaicl";
import { countParams, evaluate, type Learner, metaTrain, saveParams } from "@metalearn/core";
import { crossfit, generateTasks } from "@metalearn/datasets-crossfit";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { adamw, chain, clipByGlobalNorm, linearSchedule, sgd } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";

const seed = 1;
const updates = Number(process.argv[2] ?? 150);
const runtime = await auto(console.warn, { threads: 1 }); // the fastest engine that is set up here

const shape = { vocabularySize: 256, maxTokens: 128, width: 64, layers: 2, heads: 2 };
const base = gpt2({ ...shape, initializerRange: 0.1 }, byteTokenizer);
const model = lora(base, { rank: 4, alpha: 8, targets: ["*.attn.*.weight", "*.mlp.*.weight"] });

await generateTasks("data/generated", { evaluationSeeds: [100] });
const root = { root: "data/generated", setting: "generated" };
const tasks = await crossfit({ ...root, tokenizer: byteTokenizer, maxTokens: 128, shots: 4 });

let params = await model.init(seed);

/** Trains some of the parameters, then scores all of them on tasks never trained on. */
async function stage(name: string, learner: Learner, peak: number, trainable: readonly string[]) {
  const sampler = tasks.sampler({ seed, batchSize: 16 });
  const learningRate = linearSchedule({ peak, warmup: 20, total: updates });
  const optimizer = chain(clipByGlobalNorm(1), adamw({ learningRate }));
  const options = { model, learner, optimizer, sampler, params, updates, runtime, trainable };
  for await (const at of metaTrain(options)) {
    params = at.params;
    if (at.update === updates) {
      const trained = countParams(at.state.optimizer.slots.m ?? {});
      console.log(`${name}: ${trained} parameters trained, loss ${at.loss.toFixed(3)}`);
    }
  }
  const { all } = await evaluate({ model, params, targets: tasks.targets, seeds: [100], runtime });
  const [score, chance] = [all.mean, all.chance].map((value) => (100 * value).toFixed(1));
  console.log(`  ${all.tasks} tasks never trained on: ${score} (chance: ${chance})`);
}

// A base, which stands for published weights. From here on it is frozen.
await stage("base", metaicl({ batches: 1 }), 4e-3, ["*", "!*.lora_*"]);

const innerOptimizer = sgd({ learningRate: 0.1 });
const drawn = { tasks: 1, taskUnit: "mixture", querySource: "other-tasks" } as const;
const learner = maml({ order: 2, adapt: ["*.lora_*"], innerOptimizer, ...drawn });
await stage("lora", learner, 1e-3, ["*.lora_*"]);

await saveParams(model, params, "checkpoint"); // PEFT opens checkpoint/lora on checkpoint
await saveParams(base, mergeLora(params, { alpha: 8 }), "merged"); // a plain GPT-2 for transformers
runtime.dispose();
