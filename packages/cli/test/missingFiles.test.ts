import type { LanguageModel } from "@metalearn/core";
import { toyModel } from "@metalearn/core/testing";
import { expect, test } from "vitest";
import { missingFiles } from "../src/missingFiles.js";

const model = {
  name: "bare",
  maxTokens: 8,
  tokenizer: { name: "letters", vocabularySize: 2, encode: () => [], decode: () => "" },
  init: async () => ({}),
  loss: () => {
    throw new Error("not computed");
  },
  tokenLosses: () => {
    throw new Error("not computed");
  },
} satisfies LanguageModel;

test("what an exported language model lacks is told", () => {
  expect(missingFiles(model, ["model.safetensors"])).toBe(
    'Missing: config.json and files of the tokenizer "letters". transformers cannot open the folder as it is. Those of bare are for its plugin to write: it has no save of its own.',
  );
  const saving = { ...model, save: async () => {} };
  expect(missingFiles(saving, ["config.json", "model.safetensors"])).toBe(
    'Missing: files of the tokenizer "letters". transformers cannot open the folder as it is. Those of bare are for its plugin to write: its save does not write them.',
  );
  expect(missingFiles(model, ["config.json", "vocab.json"])).toBeUndefined();
});

test("other models need no tokenizer", () => {
  expect(missingFiles(toyModel() as never, ["model.safetensors"])).toBeUndefined();
});
