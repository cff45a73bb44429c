import { rm, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, llama, pretrainedLlama, readLlamaConfig } from "../src/index.js";
import { shapes } from "./support/shapes.js";

const inFolder = temporaryFolder();

const smallest = {
  model_type: "llama",
  vocab_size: 256,
  max_position_embeddings: 64,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 4,
};

async function configOf(settings: object) {
  await writeFile(inFolder("config.json"), JSON.stringify({ ...smallest, ...settings }));
  return readLlamaConfig(inFolder());
}

const llama3 = {
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe("a config.json", () => {
  // The defaults of transformers' configuration classes.
  test.each([
    ["llama", 4, 4],
    ["mistral", 8, 4],
    ["qwen2", 32, 4],
    ["qwen3", 32, 128],
  ])("of %s may leave out what transformers knows of it", async (model_type, shared, headWidth) => {
    const settings = {
      model_type,
      num_attention_heads: 32,
      hidden_size: 128,
      sliding_window: null,
    };
    const config = await configOf(settings);
    expect(config).toMatchObject({
      family: model_type,
      keyValueHeads: model_type === "llama" ? 32 : shared,
      headWidth,
      normEpsilon: 1e-6,
      ropeTheta: 10_000,
      ropeScaling: undefined,
      tiedHead: false,
    });
  });

  test.each([
    [{ rope_theta: 5e5, rope_scaling: null }],
    [{ rope_theta: 5e5, rope_scaling: { type: "default" } }],
    [{ rope_parameters: { rope_theta: 5e5, rope_type: "default" } }],
    [{ rope_theta: 5e5, rope_parameters: { rope_type: "default" } }],
  ])("says the base of rotary positions as %j", async (settings) => {
    expect(await configOf(settings)).toMatchObject({ ropeTheta: 5e5, ropeScaling: undefined });
  });

  test.each([
    [{ rope_theta: 5e5, rope_scaling: { rope_type: "llama3", ...llama3 } }],
    [{ rope_parameters: { rope_theta: 5e5, rope_type: "llama3", ...llama3 } }],
  ])("says the scaling of Llama 3.1 as %j", async (settings) => {
    expect(await configOf(settings)).toMatchObject({
      ropeTheta: 5e5,
      ropeScaling: {
        type: "llama3",
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalMaxTokens: 8192,
      },
    });
  });

  test.each([
    [{ rope_scaling: { type: "linear", factor: 4 } }],
    [{ rope_parameters: { rope_type: "linear", factor: 4 } }],
  ])("says linear scaling as %j", async (settings) => {
    expect(await configOf(settings)).toMatchObject({ ropeScaling: { type: "linear", factor: 4 } });
  });

  test("says biases as its architecture has them", async () => {
    const biased = { attention_bias: true, mlp_bias: true };
    const biasesOf = async (settings: object) => {
      const { attentionBias, mlpBias } = await configOf({ ...biased, ...settings });
      return [attentionBias, mlpBias];
    };
    expect(await biasesOf({})).toEqual([true, true]);
    expect(await biasesOf({ model_type: "qwen3", num_key_value_heads: 4 })).toEqual([true, false]);
    expect(await biasesOf({ model_type: "qwen2", num_key_value_heads: 4 })).toEqual([false, false]);
    const mistral = { model_type: "mistral", num_key_value_heads: 4, sliding_window: null };
    expect(await biasesOf(mistral)).toEqual([false, false]);
  });

  test.each([
    { model_type: "mistral", sliding_window: null },
    { model_type: "mistral", sliding_window: 64 },
    { model_type: "qwen2", use_sliding_window: false, sliding_window: 8 },
    { model_type: "qwen2", use_sliding_window: true, sliding_window: 8, max_window_layers: 1 },
    {
      model_type: "qwen3",
      use_sliding_window: true,
      sliding_window: 8,
      layer_types: ["full_attention"],
    },
    { sliding_window: 8 },
  ])("may have a window that hides nothing: %j", async (settings) => {
    expect(await configOf({ num_key_value_heads: 4, ...settings })).toMatchObject({ layers: 1 });
  });

  test.each<[object, string]>([
    [{ model_type: "mixtral" }, "model_type: expected llama, mistral, qwen2 or qwen3, got mixtral"],
    [{ model_type: "gemma2" }, "got gemma2"],
    [{ model_type: "qwen3_moe" }, "got qwen3_moe"],
    [{ hidden_act: "gelu" }, "hidden_act: expected silu, got gelu"],
    [
      { model_type: "mistral", sliding_window: 8 },
      "sliding_window: expected none, got 8: sliding windows are not implemented",
    ],
    [
      { model_type: "mistral", max_position_embeddings: 8192 },
      "sliding_window: expected none, got 4096",
    ],
    [
      { model_type: "qwen2", use_sliding_window: true, sliding_window: 8, max_window_layers: 0 },
      "sliding_window",
    ],
    [
      {
        model_type: "qwen3",
        use_sliding_window: true,
        sliding_window: 8,
        layer_types: ["sliding_attention"],
      },
      "sliding_window",
    ],
    [
      { rope_scaling: { type: "dynamic", factor: 2 } },
      "rope_scaling.rope_type: expected one of default, linear, llama3, which are implemented, got dynamic",
    ],
    [{ rope_parameters: { rope_type: "yarn", factor: 2 } }, "rope_parameters.rope_type: expected"],
    [{ rope_scaling: { type: "constructor" } }, "got constructor"],
    [{ rope_scaling: { type: "linear" } }, "rope_scaling.factor: expected a number"],
    [
      { rope_scaling: { rope_type: "llama3", ...llama3, low_freq_factor: null } },
      "rope_scaling.low_freq_factor: expected a number, which llama3 needs, got nothing",
    ],
    [
      { rope_scaling: { type: "default", mrope_section: [1, 1] } },
      "rope_scaling.mrope_section: is not implemented",
    ],
    [
      { rope_parameters: { full_attention: { rope_type: "default" } } },
      "rope_parameters.full_attention: is not implemented",
    ],
    [{ partial_rotary_factor: 0.5 }, "partial_rotary_factor"],
    [{ num_key_value_heads: 3 }, "heads: must be a multiple of keyValueHeads (3)"],
    [{ head_dim: 5 }, "headWidth: must be even"],
    [{ num_hidden_layers: 1e12 }, "num_hidden_layers"],
    [{ vocab_size: undefined }, "vocab_size"],
  ])("with %j is refused by name", async (settings, message) => {
    const opened = configOf(settings);
    await expect(opened).rejects.toThrow("[BAD_CHECKPOINT]");
    await expect(opened).rejects.toThrow(message);
  });
});

describe("a checkpoint", () => {
  const model = llama(shapes.mistral, byteTokenizer);

  test("needs a config.json beside its file of tensors", async () => {
    await model.save?.(await model.init(1), inFolder());
    const opened = await pretrainedLlama(inFolder("model.safetensors"));
    expect(opened.config).toEqual(model.config);
    await rm(inFolder("config.json"));
    await expect(pretrainedLlama(inFolder("model.safetensors"))).rejects.toThrow(
      "[MISSING_FILE] There is no config.json beside",
    );
  });

  test("may hold the frequencies of its rotary positions", async () => {
    const params = await model.init(1);
    const frequencies = tf.tensor1d([1, 0.5]);
    const stored = { ...params, "layers.0.self_attn.rotary_emb.inv_freq": frequencies };
    await model.save?.(stored, inFolder());
    expect(Object.keys((await model.load?.(inFolder())) ?? {})).toEqual(Object.keys(params));
  });

  test("without a tokenizer needs one to be named", async () => {
    const bare = llama(shapes.mistral, { ...byteTokenizer, save: undefined });
    await bare.save?.(await bare.init(1), inFolder("bare"));
    await expect(pretrainedLlama(inFolder("bare"))).rejects.toThrow(
      "has no tokenizer beside it: expected tokenizer.json, or vocab.json and merges.txt.",
    );
    const named = await pretrainedLlama(inFolder("bare"), { tokenizer: byteTokenizer });
    expect(named.tokenizer).toBe(byteTokenizer);
  });
});
