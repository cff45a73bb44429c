import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Params } from "@metalearn/core";
import { readSafetensors, writeSafetensors } from "@metalearn/core/files";
import { rawSafetensors, splitSafetensors } from "@metalearn/test-support/rawSafetensors";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { byteTokenizer, gpt2, pretrainedGpt2, readHuggingFaceConfig } from "../src/index.js";

const config = {
  vocabularySize: 256,
  maxTokens: 16,
  width: 8,
  layers: 2,
  heads: 2,
  initializerRange: 0.02,
};
const model = gpt2(config, byteTokenizer);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-"));
});
afterEach(() => rm(folder, { recursive: true }));

const save = async (params: Params) => model.save?.(params, folder);
const load = async () => model.load?.(folder) as Promise<Params>;

function expectEqual(actual: Params, expected: Params): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, tensor] of Object.entries(expected)) {
    expect(actual[name]?.shape, name).toEqual(tensor.shape);
    expect(actual[name]?.dataSync(), name).toEqual(tensor.dataSync());
  }
}

/** Rewrites the stored tensors. */
async function edit(change: (stored: Record<string, tf.Tensor>) => Record<string, tf.Tensor>) {
  const path = join(folder, "model.safetensors");
  await writeSafetensors(path, change({ ...(await readSafetensors(path)) }));
}

describe("a saved checkpoint", () => {
  test("loads as it was, bit for bit", async () => {
    const params = await model.init(1);
    await save(params);
    expectEqual(await load(), params);
  });

  test("has the files and names that transformers expects", async () => {
    await save(await model.init(1));
    expect((await readdir(folder)).sort()).toEqual([
      "config.json",
      "merges.txt",
      "model.safetensors",
      "tokenizer_config.json",
      "vocab.json",
    ]);
    const stored = await readSafetensors(join(folder, "model.safetensors"));
    expect(stored["transformer.h.0.attn.c_attn.weight"]?.shape).toEqual([8, 24]);
    expect(stored["lm_head.weight"]).toBeUndefined();
    const written = JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
    expect(written).toMatchObject({
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      n_embd: 8,
      n_layer: 2,
      n_head: 2,
      n_positions: 16,
      vocab_size: 256,
    });
    expect(await readHuggingFaceConfig(folder)).toEqual({ ...config, bosId: 255, eosId: 255 });
  });

  test("in shards loads as it was", async () => {
    const params = await model.init(2);
    const { writeHuggingFace } = await import("../src/index.js");
    await writeHuggingFace(folder, params, config, { maxShardBytes: 4_000 });
    const names = await readdir(folder);
    expect(names.filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(2);
    expect(names).toContain("model.safetensors.index.json");
    expectEqual(await load(), params);
  });

  test("becomes a model by its folder", async () => {
    const params = await model.init(4);
    await save(params);
    const found = await pretrainedGpt2(folder, { tokenizer: byteTokenizer });
    expect(found.config).toEqual({ ...config, bosId: 255, eosId: 255 });
    expectEqual(await found.init(0), params);
  });
});

describe("a checkpoint from elsewhere", () => {
  test("may leave out the prefix, hold causal masks and repeat the tied head", async () => {
    const params = await model.init(1);
    await save(params);
    await edit((stored) => ({
      ...Object.fromEntries(
        Object.entries(stored).map(([name, t]) => [name.replace("transformer.", ""), t]),
      ),
      "h.0.attn.bias": tf.ones([1, 1, 16, 16]),
      "h.0.attn.masked_bias": tf.scalar(-1e4),
      "lm_head.weight": params["wte.weight"] as tf.Tensor,
    }));
    expectEqual(await load(), params);
  });

  test("may hold causal masks of a type that is not read otherwise", async () => {
    const params = await model.init(1);
    await save(params);
    const path = join(folder, "model.safetensors");
    const { header, data } = splitSafetensors(await readFile(path));
    const end = data.length;
    const mask = { dtype: "BOOL", shape: [1, 1, 16, 16], data_offsets: [end, end + 256] };
    await writeFile(
      path,
      rawSafetensors(
        { ...header, "h.0.attn.bias": mask },
        Buffer.concat([data, Buffer.alloc(256)]),
      ),
    );
    expectEqual(await load(), params);
  });
});

describe("a checkpoint that does not fit says why", () => {
  beforeEach(async () => save(await model.init(1)));

  test("a missing folder", async () => {
    await expect(pretrainedGpt2(join(folder, "nowhere"))).rejects.toThrow(
      "[MISSING_FILE] There is no checkpoint",
    );
  });

  test("a missing tensor", async () => {
    await edit(({ "transformer.h.1.ln_1.bias": _, ...rest }) => rest);
    await expect(load()).rejects.toThrow("1 tensors are missing, for example h.1.ln_1.bias");
  });

  test("a tensor of another shape", async () => {
    await edit((stored) => ({ ...stored, "transformer.wpe.weight": tf.zeros([4, 8]) }));
    await expect(load()).rejects.toThrow(
      'tensor "transformer.wpe.weight" has shape [4,8], but its configuration asks for [16,8]',
    );
  });

  test("a tensor that GPT-2 does not have", async () => {
    await edit((stored) => ({ ...stored, "transformer.h.2.ln_1.bias": tf.zeros([8]) }));
    await expect(load()).rejects.toThrow(
      'there is no place for tensor "transformer.h.2.ln_1.bias" in a GPT-2 of 2 layers',
    );
  });

  test("an output head of its own", async () => {
    await edit((stored) => ({ ...stored, "lm_head.weight": tf.ones([256, 8]) }));
    await expect(load()).rejects.toThrow("lm_head.weight is not tied to wte.weight");
  });

  test("a file that was cut short", async () => {
    const path = join(folder, "model.safetensors");
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 100));
    await expect(load()).rejects.toThrow("It was probably cut short");
  });

  test("a tensor that has the name of what objects inherit", async () => {
    await edit((stored) => ({ ...stored, constructor: tf.ones([2]) }));
    await expect(load()).rejects.toThrow('there is no place for tensor "constructor"');
  });

  test("a tensor that is there twice", async () => {
    await edit((stored) => ({ ...stored, "ln_f.bias": tf.ones([8]) }));
    await expect(load()).rejects.toThrow('tensor "ln_f.bias" is there twice');
  });

  test("more layers than any", async () => {
    const path = join(folder, "config.json");
    const written = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...written, n_layer: 1e12 }));
    await expect(readHuggingFaceConfig(folder)).rejects.toThrow("n_layer: Too big");
  });

  test("another architecture", async () => {
    await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "llama" }));
    await expect(readHuggingFaceConfig(folder)).rejects.toThrow("[BAD_CHECKPOINT]");
  });

  test.each(["../elsewhere.safetensors", "..", ".", "", "/etc/passwd"])(
    "an index that points outside the folder, to %j",
    async (file) => {
      await writeFile(
        join(folder, "model.safetensors.index.json"),
        JSON.stringify({ weight_map: { "wte.weight": file } }),
      );
      await expect(load()).rejects.toThrow(/^\[BAD_CHECKPOINT\] .* names a file elsewhere: /);
    },
  );
});
