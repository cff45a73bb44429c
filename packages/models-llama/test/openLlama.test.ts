import { createToolkit } from "@metalearn/core/runs";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import plugin, { byteTokenizer, type LlamaOptions, llama, openLlama } from "../src/index.js";
import { shapes } from "./support/shapes.js";

const inFolder = temporaryFolder();
const context = { path: (path: string) => inFolder(path), notify() {} };
const open = (options: LlamaOptions) => openLlama(options, context);
const own = { layers: 1, width: 8, heads: 2, mlpWidth: 12, maxTokens: 16 };

describe("a model from options", () => {
  test("is a fresh Llama of a size, with one token per byte", async () => {
    const { config, tokenizer } = await open({ ...own, keyValueHeads: 1, initializerRange: 0.1 });
    expect(config).toMatchObject({
      ...own,
      family: "llama",
      keyValueHeads: 1,
      initializerRange: 0.1,
      vocabularySize: 256,
      tiedHead: false,
    });
    expect(tokenizer).toBe(byteTokenizer);
  });

  test("is what a folder holds, with its tokenizer", async () => {
    const saved = llama(shapes.qwen3, byteTokenizer);
    const params = await saved.init(1);
    await saved.save?.(params, inFolder("saved"));
    const found = await open({ weights: "./saved" });
    expect(found.name).toBe("qwen3");
    expect(found.config).toEqual(saved.config);
    expect(found.tokenizer.encode("aé")).toEqual(byteTokenizer.encode("aé"));
    const loaded = await found.init(0);
    expect(loaded["norm.weight"]?.dataSync()).toEqual(params["norm.weight"]?.dataSync());
    // A fresh model may have the tokenizer of a folder.
    const fresh = await open({ ...own, tokenizer: "saved", tiedHead: true });
    expect(fresh.config).toMatchObject({ vocabularySize: 256, tiedHead: true });
    expect(fresh.tokenizer.name).toBe(found.tokenizer.name);
  });
});

test.each<[string, LlamaOptions, string]>([
  [
    "no size",
    { layers: 2, width: 8 },
    "needs weights, or all of layers, width, heads, mlpWidth, maxTokens",
  ],
  [
    "weights and a size",
    { weights: "./saved", width: 8, keyValueHeads: 2 },
    "weights: have a size of their own. Leave out width, keyValueHeads",
  ],
  ["a revision of nothing", { ...own, revision: "main" }, "revision: is one of weights"],
  ["heads that cannot share", { ...own, keyValueHeads: 3 }, "heads: must be a multiple of keyVal"],
])("%s is refused", async (_, options, message) => {
  await expect(open(options)).rejects.toThrow(`[BAD_OPTION] ${message}`);
});

test("a tokenizer that is not there is refused", async () => {
  await expect(open({ ...own, tokenizer: "nowhere" })).rejects.toThrow("[MISSING_FILE]");
});

test("a config that names no size is refused before anything is opened", () => {
  const check = () => createToolkit([plugin]).check("model", { use: "llama", layers: 2 });
  expect(check).toThrow("[BAD_CONFIG] model (llama): needs weights, or all of layers");
});
