import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHub } from "@metalearn/test-support/localHub";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { byteTokenizer, gpt2, pretrainedGpt2 } from "../src/index.js";

const inFolder = temporaryFolder();
/** Files that Python's gguf wrote, and what transformers makes of them: make.py beside them. */
const fixture = (name: string) =>
  join(import.meta.dirname, "../../language-models/test/fixtures/gguf", name);
const models = JSON.parse(readFileSync(fixture("models.json"), "utf8"));
const { config, tensors } = models["gpt2.gguf"];
const modelFile = fixture("gpt2.gguf");

describe("a GPT-2 in a GGUF file", () => {
  test("has the parameters and the size that transformers reads from it", async () => {
    const model = await pretrainedGpt2(modelFile);
    expect(model.config).toMatchObject({
      vocabularySize: config.vocab_size,
      maxTokens: config.n_positions,
      width: config.n_embd,
      layers: config.n_layer,
      heads: config.n_head,
      bosId: config.bos_token_id,
      eosId: config.eos_token_id,
    });
    const params = await model.init(0);
    expect(Object.keys(params)).toHaveLength(Object.keys(tensors).length);
    for (const [name, tensor] of Object.entries(params)) {
      const sha256 = createHash("sha256").update(tensor.dataSync()).digest("hex");
      expect({ shape: tensor.shape, sha256 }, name).toEqual(tensors[`transformer.${name}`]);
    }
  });

  test("has the tokenizer of its metadata, whatever lies beside it", async () => {
    await copyFile(modelFile, inFolder("model.gguf"));
    await byteTokenizer.save(inFolder(), 48);
    const { tokenizer } = await pretrainedGpt2(inFolder("model.gguf"));
    // "Ġthe", "in", "<|endoftext|>", as make.py numbers them.
    expect(tokenizer.encode(" thein<|endoftext|>")).toEqual([4, 5, 0]);
    const given = { ...byteTokenizer, vocabularySize: 64 };
    const other = await pretrainedGpt2(modelFile, { tokenizer: given });
    expect(other.tokenizer).toBe(given);
  });

  test("may be the only one of a folder", async () => {
    await copyFile(modelFile, inFolder("gpt2.Q8_0.gguf"));
    await writeFile(inFolder("README.md"), "");
    const model = await pretrainedGpt2(inFolder());
    expect(model.config.vocabularySize).toBe(64);
    const params = await model.init(0);
    expect(Object.keys(params)).toHaveLength(28);
    expect(Object.keys((await model.load?.(inFolder())) ?? {})).toHaveLength(28);
    await copyFile(modelFile, inFolder("gpt2.F16.gguf"));
    await expect(pretrainedGpt2(inFolder())).rejects.toThrow(
      /^\[BAD_CHECKPOINT\] Which GGUF file of .* is meant\? Name it: .*\/gpt2\.F16\.gguf, .*\/gpt2\.Q8_0\.gguf\.$/,
    );
    await model.save?.(params, inFolder());
    expect((await pretrainedGpt2(inFolder())).config.vocabularySize).toBe(64); // safetensors
  });

  test("that is damaged, or holds something else, says so", async () => {
    await copyFile(modelFile, inFolder("cut.gguf"));
    await truncate(inFolder("cut.gguf"), 20_000);
    await expect(pretrainedGpt2(inFolder("cut.gguf"))).rejects.toThrow(
      /^\[BAD_CHECKPOINT\] .*cut\.gguf is not a usable GGUF file: .* cut short: download it again/,
    );
    await expect(pretrainedGpt2(fixture("qwen2.gguf"))).rejects.toThrow(
      /^\[BAD_CHECKPOINT\] .*qwen2\.gguf is not a GPT-2 that can be loaded\. model_type: .*"gpt2"/,
    );
    // The same number of bytes, so that nothing else moves.
    const replaced = async (from: string, to: string) => {
      const bytes = await readFile(modelFile);
      for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1)) {
        bytes.write(to, at);
      }
      await writeFile(inFolder("other.gguf"), bytes);
      return pretrainedGpt2(inFolder("other.gguf"));
    };
    await expect(replaced("gpt2", "bert")).rejects.toThrow(
      /other\.gguf .*architecture is "bert"; known are gpt2, llama, qwen2, qwen3/,
    );
    await expect(replaced("gpt-2", "tekke")).rejects.toThrow(
      /other\.gguf .*pre-tokenizer is "tekke"; known are gpt-2, llama-bpe, qwen2, smollm/,
    );
  });

  test("without a tokenizer has the one beside it, or is refused", async () => {
    const bytes = await readFile(modelFile);
    bytes.write("tokenizer.ggml.other", bytes.indexOf("tokenizer.ggml.model"));
    await mkdir(inFolder("bare"));
    await writeFile(inFolder("bare/model.gguf"), bytes);
    await expect(pretrainedGpt2(inFolder("bare"))).rejects.toThrow(
      /\[MISSING_FILE\] .*bare has no tokenizer beside it/,
    );
    await (await pretrainedGpt2(modelFile)).tokenizer.save?.(inFolder("bare"), 48);
    const { tokenizer } = await pretrainedGpt2(inFolder("bare"));
    expect(tokenizer.encode(" the")).toEqual([4]);
  });
});

describe("a GGUF file on the hub", () => {
  let hub: LocalHub;
  const options = { endpoint: "", cacheDirectory: "" };
  const requested = () => hub.requests.map((request) => request.split(" ")[0]).sort();

  beforeEach(async () => {
    hub = new LocalHub("models");
    options.endpoint = await hub.start();
    options.cacheDirectory = await mkdtemp(join(tmpdir(), "metalearn-hub-"));
    hub.files["config.json"] = Buffer.from("{}");
    hub.files["gpt2.Q8_0.gguf"] = await readFile(modelFile);
  });
  afterEach(async () => {
    await hub.stop();
    await rm(options.cacheDirectory, { recursive: true });
  });

  test("is found by the name of its model where it is the only one", async () => {
    const model = await pretrainedGpt2("you/tiny", options);
    expect(Object.keys(await model.init(0))).toHaveLength(28);
    expect(requested()).toEqual(["gpt2.Q8_0.gguf"]);
  });

  test("is named after its model where there are several, and downloaded alone", async () => {
    hub.files["f16/gpt2.gguf"] = await readFile(modelFile);
    await expect(pretrainedGpt2("you/tiny", options)).rejects.toThrow(
      "[BAD_CHECKPOINT] Which GGUF file of you/tiny is meant? Name it: you/tiny/gpt2.Q8_0.gguf, you/tiny/f16/gpt2.gguf.",
    );
    hub.files["model.safetensors"] = Buffer.from("not wanted");
    const model = await pretrainedGpt2("you/tiny/f16/gpt2.gguf", options);
    expect(model.tokenizer.encode(" the")).toEqual([4]);
    expect(requested()).toEqual(["gpt2.gguf"]); // by its last name
  });

  test("that is not there, or not in the cache, is a clear error", async () => {
    await expect(pretrainedGpt2("you/tiny/gpt2.gguf", options)).rejects.toThrow(
      "[MISSING_FILE] you/tiny/gpt2.gguf is not on the hub; the GGUF files of that model are: gpt2.Q8_0.gguf.",
    );
    await expect(pretrainedGpt2("you/tiny/model.safetensors", options)).rejects.toThrow(
      /\[BAD_OPTION\] Expected a model on the hub, owner\/name, or a GGUF file of one/,
    );
    await pretrainedGpt2("you/tiny/gpt2.Q8_0.gguf", options);
    await hub.stop();
    await pretrainedGpt2("you/tiny/gpt2.Q8_0.gguf", options);
    await expect(pretrainedGpt2("you/tiny/gpt2.gguf", options)).rejects.toThrow(
      "[MISSING_FILE] you/tiny/gpt2.gguf has not been downloaded.",
    );
    await hub.start();
  });
});

const noPython = pythonLacks("torch", "transformers");

test.skipIf(noPython)(
  `a GPT-2 of a GGUF file opens in transformers with the same logits, ids and special tokens ${noPython ?? ""}`,
  async () => {
    const model = await pretrainedGpt2(modelFile);
    const params = await model.init(0);
    await model.save?.(params, inFolder("saved"));
    const texts = ["the inner thing", " the<|endoftext|>then <think>", "in a"];
    const program = `
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model, info = AutoModelForCausalLM.from_pretrained(sys.argv[1], output_loading_info=True)
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
ids = [tokenizer(text)["input_ids"] for text in json.loads(sys.argv[2])]
with torch.no_grad(): logits = [model.eval()(torch.tensor([of])).logits.flatten().tolist() for of in ids]
print(json.dumps({
  "unfit": sorted(str(entry) for entries in info.values() for entry in entries),
  "ids": ids,
  "logits": logits,
  "special": [tokenizer.bos_token_id, tokenizer.eos_token_id, model.config.bos_token_id, model.config.eos_token_id],
}))
`;
    const told = runPython<{ ids: number[][]; logits: number[][] }>(
      program,
      inFolder("saved"),
      JSON.stringify(texts),
    );
    const ids = texts.map((text) => model.tokenizer.encode(text));
    expect(told).toMatchObject({ unfit: [], ids, special: [0, 0, 0, 0] });
    ids.forEach((of, i) => {
      const ours = model.logits(params, tf.tensor2d([of], undefined, "int32")).dataSync();
      const theirs = told.logits[i] as number[];
      const size = Math.max(...theirs.map(Math.abs));
      expect(size).toBeGreaterThan(1);
      theirs.forEach((logit, j) => {
        expect(Math.abs(logit - Number(ours[j])) / size).toBeLessThan(3e-6);
      });
    });
  },
);

test("a size of its own begins and ends with the last token of its vocabulary", () => {
  const { config } = gpt2(
    { vocabularySize: 256, maxTokens: 8, width: 4, layers: 1, heads: 1 },
    byteTokenizer,
  );
  expect(config).not.toHaveProperty("bosId");
});
