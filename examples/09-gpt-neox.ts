// An architecture of your own: GPT-NeoX, of which Pythia is made, with the names and files of transformers. A small
// one is trained with MetaICL, saved, opened by its weights alone, and answers a question from four demonstrations.
//
//   npx tsx examples/09-gpt-neox.ts
//
//   gpt-neox: 75.5 on 12 unseen tasks (chance: 50.0)
//   koi ant? ant (right: ant)

import { realpathSync } from "node:fs";
import { metaicl } from "@metalearn/algorithms-metaicl";
import {
  defineFactory,
  definePlugin,
  evaluate,
  type FactoryContext,
  generateText,
  type LanguageModel,
  metaTrain,
  type Params,
  parseOptions,
} from "@metalearn/core";
import { saveParams } from "@metalearn/core/files";
import { createToolkit } from "@metalearn/core/runs";
import { crossfit, generateTasks } from "@metalearn/datasets-crossfit";
import languageModels, {
  type Architecture,
  type AttentionContext,
  byteTokenizer,
  gelu,
  layerNorm,
  linear,
  openPretrained,
  requireConfig,
  rotaryAngles,
  rotate,
  type Transformer,
  transformer,
  weightsOptions,
  weightsSource,
} from "@metalearn/language-models";
import { adamw, linearSchedule } from "@metalearn/optimizers";
import { auto } from "@metalearn/runtime-tensorflow";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

const count = z.int().min(1);
const positive = z.number().positive();

/** Keys of config.json that decide the arithmetic. What is not implemented is refused by its key. */
export const configJson = z
  .object({
    model_type: z.literal("gpt_neox"),
    vocab_size: count,
    max_position_embeddings: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count.max(1_000),
    num_attention_heads: count,
    hidden_act: z.literal("gelu").default("gelu"),
    layer_norm_eps: positive.default(1e-5),
    initializer_range: z.number().min(0).default(0.02),
    use_parallel_residual: z.boolean().default(true),
    attention_bias: z.literal(true).default(true),
    tie_word_embeddings: z.literal(false).default(false),
    rotary_pct: z.number().gt(0).max(1).default(0.25),
    rotary_emb_base: positive.default(10_000),
    rope_scaling: z.null().optional(),
    // Where transformers 5 writes what earlier ones call rotary_pct and rotary_emb_base.
    rope_parameters: z
      .strictObject({
        rope_type: z.literal("default").optional(),
        rope_theta: positive.optional(),
        partial_rotary_factor: z.number().gt(0).max(1).optional(),
      })
      .nullish(),
    bos_token_id: z.int().nullable().default(0),
    eos_token_id: z
      .union([z.int(), z.array(z.int())])
      .nullable()
      .default(2),
  })
  .transform(({ rope_parameters: rope, ...json }) => ({
    ...json,
    rotary_pct: rope?.partial_rotary_factor ?? json.rotary_pct,
    rotary_emb_base: rope?.rope_theta ?? json.rotary_emb_base,
  }))
  .superRefine((json, { addIssue }) => {
    const add = (key: string, message: string) =>
      addIssue({ code: "custom", path: [key], message });
    const { hidden_size: width, num_attention_heads: heads } = json;
    const turned = turnedWidth(json);
    if (width % heads !== 0) {
      add("hidden_size", `expected a multiple of num_attention_heads (${heads}), got ${width}`);
    } else if (turned === 0 || turned % 2 !== 0) {
      add("rotary_pct", `expected to turn pairs of a head's numbers, got ${turned} numbers`);
    }
  });

/** A checked config.json. */
export type GptNeoxConfig = z.output<typeof configJson>;

/** How many numbers of each head rotary positions turn. */
function turnedWidth(
  json: Pick<GptNeoxConfig, "hidden_size" | "num_attention_heads" | "rotary_pct">,
): number {
  return Math.trunc((json.hidden_size / json.num_attention_heads) * json.rotary_pct);
}

/**
 * The parts of a GPT-NeoX.
 *
 * Source: Black et al. 2022, section 2; layout of transformers' `GPTNeoXForCausalLM`.
 */
export function gptNeoxArchitecture(config: GptNeoxConfig): Architecture {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = config;
  const { vocab_size: vocabularySize, max_position_embeddings: maxTokens } = config;
  const anglesAt = rotaryAngles(turnedWidth(config), maxTokens, { theta: config.rotary_emb_base });
  const norm = (x: tf.Tensor2D, params: Params, name: string) =>
    layerNorm(x, params, name, config.layer_norm_eps);

  /** Causal self-attention with rotary positions: [B*T, C] to [outputs, C]. */
  function attention(x: tf.Tensor2D, params: Params, context: AttentionContext): tf.Tensor2D {
    // The query, the key and the value of each head lie side by side.
    const fused = linear(x, params, "attention.query_key_value");
    const ofHeads = tf.reshape(fused, [-1, heads, (3 * width) / heads]);
    const [q, k, v] = tf.split(ofHeads, 3, 2) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D]; // [B*T, H, D]
    const headsFirst = (rows: tf.Tensor3D): tf.Tensor3D => tf.transpose(rows, [1, 0, 2]);
    const { cos, sin } = anglesAt(context.positions());
    const ofQueries = { cos: context.queryRows(cos), sin: context.queryRows(sin) };
    const mixed = context.attend(
      rotate(headsFirst(context.queryRows(q)), ofQueries),
      rotate(headsFirst(k), { cos, sin }),
      headsFirst(v),
    );
    return linear(mixed, params, "attention.dense");
  }

  /** [rows, C] to [rows, C], by way of [rows, inner]. */
  function mlp(x: tf.Tensor2D, params: Params): tf.Tensor2D {
    return linear(gelu(linear(x, params, "mlp.dense_h_to_4h")), params, "mlp.dense_4h_to_h");
  }

  /** One layer: [B*T, C] to [outputs, C]. */
  function block(x: tf.Tensor2D, params: Params, context: AttentionContext): tf.Tensor2D {
    const before = context.outputRows(x);
    const after: tf.Tensor2D = tf.add(
      before,
      attention(norm(x, params, "input_layernorm"), params, context),
    );
    // Parallel, the MLP does not see what attention has added.
    const seen = config.use_parallel_residual ? before : after;
    return tf.add(after, mlp(norm(seen, params, "post_attention_layernorm"), params));
  }

  const weightAndBias = (name: string, outputs: number, inputs?: number) => ({
    [`${name}.weight`]: inputs === undefined ? [outputs] : [outputs, inputs],
    [`${name}.bias`]: [outputs],
  });
  return {
    name: "gpt-neox",
    maxTokens,
    layers: config.num_hidden_layers,
    heads,
    shapes: {
      embed: { "embed_in.weight": [vocabularySize, width] },
      block: {
        ...weightAndBias("input_layernorm", width),
        ...weightAndBias("post_attention_layernorm", width),
        ...weightAndBias("attention.query_key_value", 3 * width, width),
        ...weightAndBias("attention.dense", width, width),
        ...weightAndBias("mlp.dense_h_to_4h", inner, width),
        ...weightAndBias("mlp.dense_4h_to_h", width, inner),
      },
      head: {
        ...weightAndBias("final_layer_norm", width),
        "embed_out.weight": [vocabularySize, width],
      },
    },
    blockPrefix: (layer) => `layers.${layer}.`,
    tokenEmbeddings: "embed_in.weight",
    outputHead: "embed_out.weight",
    initialDeviation: () => config.initializer_range,
    block,
    head: (x, params) => linear(norm(x, params, "final_layer_norm"), params, "embed_out"),
    checkpoint: {
      title: "GPT-NeoX",
      prefix: "gpt_neox.",
      buffers: /\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/, // of older checkpoints
      peft: {
        linear: ["layers.*.attention.*.weight", "layers.*.mlp.*.weight"],
        fanInFanOut: false,
      },
      config: { architectures: ["GPTNeoXForCausalLM"], ...config },
    },
  };
}

const { weights, revision } = weightsOptions("EleutherAI/pythia-70m");
const options = z
  .strictObject({ weights: weights.unwrap(), revision })
  .describe("A GPT-NeoX such as Pythia, with published parameters.");

/** A GPT-NeoX whose `init` gives published parameters, with the tokenizer beside them. */
export async function openGptNeox(
  given: z.input<typeof options>,
  context: Pick<FactoryContext, "path" | "notify">,
): Promise<Transformer> {
  const { source, hub } = weightsSource(parseOptions(options, given), context);
  const format = {
    readConfig: (path: string) => requireConfig(path, configJson, "GPT-NeoX"),
    architecture: gptNeoxArchitecture,
  };
  const { config, tokenizer, pretrained } = await openPretrained(source, format, hub);
  return { ...transformer(gptNeoxArchitecture(config), tokenizer), ...pretrained };
}

const plugin = definePlugin({
  name: "metalearn-gpt-neox",
  models: { "gpt-neox": defineFactory(options, openGptNeox) },
  checkpoints: { gpt_neox: "gpt-neox" }, // model_type in config.json, and the model that opens it
});
export default plugin;

// The rest runs where this file is the program, and not where a config or a program imports it.

/** Trains a small GPT-NeoX on generated tasks, saves it, and asks it a question. */
async function demonstrate(): Promise<void> {
  const runtime = await auto(console.warn, { threads: 1 });
  const config = configJson.parse({
    model_type: "gpt_neox",
    vocab_size: byteTokenizer.vocabularySize,
    max_position_embeddings: 128,
    hidden_size: 64,
    intermediate_size: 256,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    initializer_range: 0.1,
    rotary_pct: 0.5,
    bos_token_id: null,
    eos_token_id: null,
  });
  const model = transformer(gptNeoxArchitecture(config), byteTokenizer);
  await generateTasks("data/generated", { evaluationSeeds: [100] });
  const data = { root: "data/generated", setting: "generated", tokenizer: byteTokenizer };
  const tasks = await crossfit({ ...data, maxTokens: 128, shots: 4 });

  const updates = 300;
  const learner = metaicl({ batches: 1 });
  const optimizer = adamw({
    learningRate: linearSchedule({ peak: 4e-3, warmup: 20, total: updates }),
  });
  const sampler = tasks.sampler({ seed: 1, batchSize: 16 });
  let params = await model.init(1);
  const training = { model, learner, optimizer, sampler, params, updates, runtime };
  for await (const at of metaTrain(training)) params = at.params;
  await saveParams(model, params, "runs/gpt-neox"); // AutoModelForCausalLM.from_pretrained opens it

  // What `model: { weights: ./runs/gpt-neox }` is in a config.
  const references = { model: { use: "auto", weights: "./runs/gpt-neox" } };
  const scope = createToolkit([languageModels, plugin]).open({ seed: 0, references });
  const opened = (await scope.get("model")) as LanguageModel;
  const found = await opened.init(0);
  const { targets } = tasks;
  const { all } = await evaluate({ model: opened, params: found, targets, seeds: [100], runtime });
  const [mean, chance] = [all.mean, all.chance].map((share) => (100 * share).toFixed(1));
  console.log(`${opened.name}: ${mean} on ${all.tasks} unseen tasks (chance: ${chance})`);

  const [question] = (await targets[0]?.questions(100)) ?? [];
  const [{ ids, scoredFrom } = { ids: [], scoredFrom: 0 }] = question?.sequences ?? [];
  const prompt = `${byteTokenizer.decode(ids.slice(0, scoredFrom))}\n`; // demonstrations, a question
  const { text } = await generateText({ model: opened, params: found, prompt, stop: "\n" });
  console.log(`${prompt.trim().split("\n").at(-1)}? ${text} (right: ${question?.gold})`);
  runtime.dispose();
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) await demonstrate();
