import { createToolkit } from "@metalearn/core/runs";
import { describe, expect, test } from "vitest";
import plugin, { type Gpt2Options, gpt2Sizes, openGpt2 } from "../src/index.js";

const context = { path: (path: string) => path, notify() {} };
const open = (options: Gpt2Options) => openGpt2(options, context);
const own = { layers: 1, width: 8, heads: 2, maxTokens: 16 };

describe("a GPT-2 from options", () => {
  test("has a published size, with fresh parameters", async () => {
    const { config } = await open({ size: "gpt2-medium" });
    expect(config).toEqual({ ...gpt2Sizes["gpt2-medium"], initializerRange: 0.02 });
  });

  test("has a size of its own, with the vocabulary of its tokenizer", async () => {
    const { config } = await open({ ...own, tokenizer: "byte", initializerRange: 0.1 });
    expect(config).toEqual({ ...own, vocabularySize: 256, initializerRange: 0.1 });
  });
});

test.each<[string, Gpt2Options, string]>([
  ["no size", { layers: 2, width: 8 }, "needs weights, size, or all of layers, width, heads"],
  [
    "two sizes",
    { size: "gpt2", layers: 2, heads: 4 },
    "size: sets layers, heads. Leave out one of them",
  ],
  [
    "weights and a size",
    { weights: "./gpt2", size: "gpt2", width: 8 },
    "weights: have a size of their own. Leave out size, width",
  ],
  [
    "a width that heads do not divide",
    { ...own, heads: 3 },
    "width: expected a multiple of heads (3), got",
  ],
  [
    "a size below 1",
    { ...own, layers: 0 },
    "layers: expected a whole number of at least 1, got 0.",
  ],
])("%s is refused", async (_, options, message) => {
  await expect(open(options)).rejects.toThrow(`[BAD_OPTION] ${message}`);
});

test("a config that names no size is refused before anything is opened", () => {
  const check = () => createToolkit([plugin]).check("model", { use: "gpt2", layers: 2 });
  expect(check).toThrow("[BAD_CONFIG] model (gpt2): needs weights, size, or all of layers");
});
