import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { byteTokenizer } from "@metalearn/language-models";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { beforeEach, describe, expect, test } from "vitest";
import { gpt2, gpt2Tokenizer, pretrainedGpt2 } from "../src/index.js";

const inFolder = temporaryFolder();
const size = { maxTokens: 16, width: 4, layers: 1, heads: 1 };
/** Letters, and the results of two merges. */
const tokens = ["<|endoftext|>", "a", "b", "c", "\u0120", "ab", "abc"];
const files = {
  "vocab.json": JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
  "merges.txt": "#version: 0.2\na b\nab c\n",
  "tokenizer_config.json": '{"tokenizer_class": "GPT2Tokenizer", "pad_token" : "[PAD]"}',
};
const tokenizerFiles = ["vocab.json", "merges.txt", "tokenizer_config.json"];

/** Saves a model without a tokenizer. */
const saveModel = async (vocabularySize: number) => {
  const model = gpt2({ ...size, vocabularySize }, { ...byteTokenizer, vocabularySize: 1 });
  await model.save?.(await model.init(1), inFolder());
  for (const name of tokenizerFiles) await rm(inFolder(name));
};

describe("a GPT-2 with a vocabulary of its own", () => {
  beforeEach(async () => {
    await saveModel(8);
    for (const [name, text] of Object.entries(files)) await writeFile(inFolder(name), text);
  });

  test("has the tokenizer that lies beside its parameters", async () => {
    const { tokenizer } = await pretrainedGpt2(inFolder());
    // Merges worked out by hand; "[PAD]" is in no vocabulary and gets the next number.
    expect(tokenizer.encode("abc ab<|endoftext|>[PAD]cb")).toEqual([6, 4, 5, 0, 7, 3, 2]);
    expect(tokenizer.decode([6, 4, 5])).toBe("abc ab");
    const beside = await pretrainedGpt2(inFolder("model.safetensors"));
    expect(beside.tokenizer.encode("abc")).toEqual([6]);
  });

  test("is saved with the files as they were", async () => {
    const model = await pretrainedGpt2(inFolder());
    await model.save?.(await model.init(0), inFolder("saved"));
    for (const [name, text] of Object.entries(files)) {
      expect(await readFile(inFolder("saved", name), "utf8"), name).toBe(text);
    }
  });

  test("has another one where that is asked for", async () => {
    const tokenizer = { ...byteTokenizer, vocabularySize: 8 };
    expect((await pretrainedGpt2(inFolder(), { tokenizer })).tokenizer).toBe(tokenizer);
  });

  test("is refused when the tokenizer is larger than its vocabulary", async () => {
    await writeFile(inFolder("added_tokens.json"), '{"<sep>": 8}');
    await expect(pretrainedGpt2(inFolder())).rejects.toThrow(/has 9 tokens, .* only 8/);
  });

  test("is refused without its files, and with a part of them", async () => {
    await rm(inFolder("merges.txt"));
    await expect(pretrainedGpt2(inFolder())).rejects.toThrow(/has vocab.json, but no merges.txt/);
    for (const name of ["vocab.json", "tokenizer_config.json"]) await rm(inFolder(name));
    await expect(pretrainedGpt2(inFolder())).rejects.toThrow(
      /\[MISSING_FILE\] .* has no tokenizer beside it: expected tokenizer.json, or vocab.json and merges.txt/,
    );
  });
});

test("a GPT-2 of the published vocabulary needs no files", async () => {
  await saveModel(gpt2Tokenizer.vocabularySize);
  expect((await pretrainedGpt2(inFolder())).tokenizer).toBe(gpt2Tokenizer);
  await cp(inFolder("model.safetensors"), inFolder("alone", "model.safetensors"));
  expect((await pretrainedGpt2(inFolder("alone/model.safetensors"), { heads: 1 })).tokenizer).toBe(
    gpt2Tokenizer,
  );
});
