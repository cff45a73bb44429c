import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { type GgufFile, openGguf } from "../../src/index.js";
import { type RawTensor, type RawValue, rawGguf, u64 } from "../support/rawGguf.js";
import { tinyLlama } from "../support/tinyLlama.js";

/** A model as transformers loads it from its GGUF file. */
interface Seen {
  readonly config: Readonly<Record<string, unknown>>;
  readonly rope: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, { shape: readonly number[]; sha256: string }>>;
}

const fixture = (name: string) => join(import.meta.dirname, "../fixtures/gguf", name);
const models: Record<string, Seen> = JSON.parse(readFileSync(fixture("models.json"), "utf8"));

async function using<T>(path: string, use: (file: GgufFile) => Promise<T> | T): Promise<T> {
  const file = await openGguf(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function digestsOf(file: GgufFile) {
  const digests: Record<string, { shape: readonly number[]; sha256: string }> = {};
  for (const name of Object.keys(file.entries)) {
    const tensor = await file.read(name);
    expect(file.entry(name).shape, name).toEqual(tensor.shape);
    const sha256 = createHash("sha256").update(tensor.dataSync()).digest("hex");
    digests[name] = { shape: tensor.shape, sha256 };
    tensor.dispose();
  }
  return digests;
}

describe.each(Object.entries(models))("%s", (name, { config, rope, tensors }) => {
  test("has the tensors that transformers loads from it, to the bit", () =>
    using(fixture(name), async (file) => {
      expect(await digestsOf(file)).toEqual(tensors);
    }));

  test("has the configuration that transformers has of it", () =>
    using(fixture(name), (file) => {
      expect(file.config).toMatchObject(config);
    }));

  test("has the rotary position embedding that it was made with", () =>
    using(fixture(name), ({ config: { rope_theta, rope_scaling } }) => {
      const { rope_theta: theta, rope_type: kind, ...scaling } = rope;
      expect(rope_theta).toBe(theta);
      const isPlain = kind === undefined || kind === "default";
      expect(rope_scaling ?? null).toEqual(isPlain ? null : { rope_type: kind, ...scaling });
    }));
});

describe("a GGUF file", () => {
  const inFolder = temporaryFolder();

  /** Opens a tiny Llama with other metadata and tensors. */
  async function opened(change: {
    readonly metadata?: Readonly<Record<string, RawValue | undefined>>;
    readonly without?: readonly string[];
    readonly tensors?: readonly Omit<RawTensor, "offset">[];
  }): Promise<GgufFile> {
    await writeFile(inFolder("model.gguf"), rawGguf(tinyLlama(change)));
    const file = await openGguf(inFolder("model.gguf"));
    await file.close();
    return file;
  }

  test("needs no more metadata than llama.cpp does", async () => {
    const { config } = await opened({});
    expect(config).toMatchObject({
      num_key_value_heads: 2,
      head_dim: 2,
      rope_theta: 10_000,
      rope_scaling: null,
      bos_token_id: null,
      vocab_size: 3,
    });
  });

  test.each<[string, Readonly<Record<string, RawValue | undefined>>, RegExp]>([
    [
      "another architecture",
      { "general.architecture": { type: "text", value: "mamba" } },
      /architecture is "mamba"; known are gpt2, llama, qwen2, qwen3/,
    ],
    [
      "a name of objects as its architecture",
      { "general.architecture": { type: "text", value: "constructor" } },
      /architecture is "constructor"/,
    ],
    ["no architecture", { "general.architecture": undefined }, /lacks "general.architecture"/],
    ["an adapter", { "general.type": { type: "text", value: "adapter" } }, /type "adapter"/],
    ["one of several parts", { "split.count": { type: "u32", value: 3 } }, /one of 3 parts/],
    [
      "quantization of before",
      { "general.quantization_version": { type: "u32", value: 1 } },
      /version 1/,
    ],
    ["no blocks", { "llama.block_count": { type: "u32", value: 0 } }, /"llama.block_count" is 0/],
    [
      "blocks without end",
      { "llama.block_count": { type: "u32", value: 0xffffffff } },
      /4294967295 blocks/,
    ],
    ["no width", { "llama.embedding_length": undefined }, /lacks "llama.embedding_length"/],
    [
      "a width in words",
      { "llama.embedding_length": { type: "text", value: "four" } },
      /is "four"/,
    ],
    [
      "an endless width",
      { "llama.embedding_length": { type: "u64", value: 2n ** 64n - 1n } },
      /18446744073709551615/,
    ],
    ["another width", { "llama.embedding_length": { type: "u32", value: 8 } }, /shape/],
    [
      "heads that cannot share",
      { "llama.attention.head_count_kv": { type: "u32", value: 3 } },
      /share 3/,
    ],
    ["heads of odd width", { "llama.attention.head_count": { type: "u32", value: 4 } }, /1 wide/],
    [
      "a head turned in part",
      { "llama.rope.dimension_count": { type: "u32", value: 1 } },
      /dimension_count" is 1/,
    ],
    [
      "values of another width",
      { "llama.attention.value_length": { type: "u32", value: 4 } },
      /value_length" is 4/,
    ],
    ["no eps", { "llama.attention.layer_norm_rms_epsilon": undefined }, /layer_norm_rms_epsilon/],
    [
      "an eps that is not a number",
      { "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: Number.NaN } },
      /is NaN/,
    ],
    ["experts", { "llama.expert_count": { type: "u32", value: 8 } }, /expert_count" is 8/],
    [
      "a sliding window",
      { "llama.attention.sliding_window": { type: "u32", value: 4 } },
      /sliding_window" is 4/,
    ],
    [
      "attention to what follows",
      { "llama.attention.causal": { type: "bool", value: 0 } },
      /causal" is false/,
    ],
    [
      "YaRN",
      { "llama.rope.scaling.type": { type: "text", value: "yarn" } },
      /"yarn"; known are none, linear/,
    ],
    [
      "another vocabulary",
      { "llama.vocab_size": { type: "u32", value: 4 } },
      /3 embeddings for a vocabulary of 4/,
    ],
  ])("with %s is refused by name", async (_, metadata, message) => {
    await expect(opened({ metadata })).rejects.toThrow(message);
    await expect(opened({ metadata })).rejects.toMatchObject({ code: "BAD_CHECKPOINT" });
  });

  test("may have a header of many megabytes, but not of any number", async () => {
    const text: RawValue = { type: "text", value: "long".repeat(2 ** 21) };
    const { metadata } = await opened({ metadata: { "general.description": text } });
    expect(metadata.get("general.description")).toHaveLength(2 ** 23);

    const endless = rawGguf({ metadata: [["k", { type: 8, value: u64(150e6) }]], tensors: [] });
    await writeFile(inFolder("endless.gguf"), endless);
    await truncate(inFolder("endless.gguf"), 200e6); // takes no space on disk
    await expect(openGguf(inFolder("endless.gguf"))).rejects.toThrow(
      /endless.gguf .*header is longer than 100000000 bytes/,
    );
  });

  test("that is not there, or is none, is refused", async () => {
    await expect(openGguf(inFolder("none.gguf"))).rejects.toMatchObject({ code: "MISSING_FILE" });
    await writeFile(inFolder("empty.gguf"), "");
    await expect(openGguf(inFolder("empty.gguf"))).rejects.toThrow(/empty.gguf .*ends too early/);
  });

  test("may say the same of every block", async () => {
    const heads = new Uint8Array([2, 2]);
    const { config } = await opened({
      metadata: { "llama.attention.head_count": { type: "bytes", value: heads } },
    });
    expect(config.num_attention_heads).toBe(2);
    heads[1] = 1;
    await expect(
      opened({ metadata: { "llama.attention.head_count": { type: "bytes", value: heads } } }),
    ).rejects.toThrow("is a list of 2");
  });

  test("that lacks tensors, or has more, is refused", async () => {
    await expect(opened({ without: ["blk.0.ffn_up.weight"] })).rejects.toThrow(
      /1 tensors are missing, for example blk.0.ffn_up.weight/,
    );
    const tensors = [{ name: "blk.0.ffn_gate_exps.weight", dims: [4], type: 0 }];
    await expect(opened({ tensors })).rejects.toThrow(
      /no place for its tensor "blk.0.ffn_gate_exps/,
    );
  });

  test("has biases in all of attention, or the missing ones are named", async () => {
    const tensors = [{ name: "blk.0.attn_q.bias", dims: [4], type: 0 }];
    await expect(opened({ tensors })).rejects.toThrow(/3 tensors are missing/);
  });

  test.each([
    ["that are no scaling of Llama 3.1", 3],
    ["of another length", 4],
  ])("with divisors of rotary frequencies %s is refused", async (_, dims) => {
    const tensors = [{ name: "rope_freqs.weight", dims: [dims === 4 ? 2 : 1], type: 0 }];
    await expect(opened({ tensors })).rejects.toThrow(/rope_freqs.weight/);
  });

  test("of a type that cannot be read is opened, and the tensor refused by name", async () => {
    const { entries, entry } = await opened({
      without: ["blk.0.attn_norm.weight"],
      tensors: [{ name: "blk.0.attn_norm.weight", dims: [4], type: 28 }],
    });
    expect(entries["model.layers.0.input_layernorm.weight"]?.dtype).toBe("F64");
    expect(() => entry("model.layers.0.input_layernorm.weight")).toThrow(
      /is F64; known types are F32/,
    );
    expect(() => entry("constructor")).toThrow(/no tensor "constructor"/);
  });
});
