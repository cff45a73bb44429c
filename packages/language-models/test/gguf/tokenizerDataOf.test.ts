import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type GgufValue, openGguf, tokenizerDataOf } from "../../src/index.js";

const fixture = (name: string) => join(import.meta.dirname, "../fixtures/gguf", name);
const models: Record<string, { tokenizer: unknown }> = JSON.parse(
  readFileSync(fixture("models.json"), "utf8"),
);

test.each(Object.keys(models))("the tokenizer of %s is the one that was written", async (name) => {
  const file = await openGguf(fixture(name));
  await file.close();
  expect(tokenizerDataOf(file)).toEqual(models[name]?.tokenizer);
});

describe("a tokenizer", () => {
  const whole: Readonly<Record<string, GgufValue>> = {
    "general.architecture": "llama",
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": ["a", "b"],
    "tokenizer.ggml.merges": [],
  };
  const dataOf = (changes: Readonly<Record<string, GgufValue | undefined>>) => {
    const entries = Object.entries({ ...whole, ...changes });
    const metadata = new Map(
      entries.filter((entry): entry is [string, GgufValue] => entry[1] !== undefined),
    );
    return tokenizerDataOf({ path: "model.gguf", metadata });
  };

  test("is byte-level BPE with the least that it needs", () => {
    expect(dataOf({})).toEqual({ kind: "gpt2", pre: "smollm", tokens: ["a", "b"], merges: [] });
  });

  test("of a GPT-2 needs no name of its pre-tokenizer", () => {
    const changes = { "general.architecture": "gpt2", "tokenizer.ggml.pre": undefined };
    expect(dataOf(changes)).toMatchObject({ pre: "gpt-2" });
  });

  test("ends texts at the tokens of text, turn and message", () => {
    const [eos, eot, eom] = ["eos", "eot", "eom"].map((name) => `tokenizer.ggml.${name}_token_id`);
    const ids = { [eos as string]: 1, [eot as string]: 0, [eom as string]: 1 };
    expect(dataOf(ids)).toMatchObject({ eosId: 1, eotId: 0, eomId: 1 });
  });

  test("has its default chat template, and others by name", () => {
    const key = "tokenizer.chat_template";
    const two = { [key]: "a", [`${key}s`]: ["rag"], [`${key}.rag`]: "b" };
    expect(dataOf(two)).toMatchObject({ chatTemplate: "a", namedChatTemplates: { rag: "b" } });
    expect(dataOf({ [`${key}.default`]: "a" })).toMatchObject({ chatTemplate: "a" });
    expect(dataOf({ [key]: "a" }).namedChatTemplates).toBeUndefined();
  });

  test("has no token where the file says it with the highest number", () => {
    expect(dataOf({ "tokenizer.ggml.bos_token_id": 2 ** 32 - 1 }).bosId).toBeUndefined();
  });

  test.each<[string, Readonly<Record<string, GgufValue | undefined>>, RegExp]>([
    [
      "another kind",
      { "tokenizer.ggml.model": "bert" },
      /model.gguf .*tokenizer is "bert"; known are gpt2 and llama/,
    ],
    [
      "another pre-tokenizer",
      { "tokenizer.ggml.pre": "tekken" },
      /"tekken"; known are gpt-2, llama-bpe, qwen2, smollm/,
    ],
    ["no pre-tokenizer", { "tokenizer.ggml.pre": undefined }, /lacks "tokenizer.ggml.pre"/],
    ["no merges", { "tokenizer.ggml.merges": undefined }, /lacks "tokenizer.ggml.merges"/],
    ["no scores", { "tokenizer.ggml.model": "llama" }, /lacks "tokenizer.ggml.scores"/],
    [
      "too few types",
      { "tokenizer.ggml.token_type": new Int32Array([1]) },
      /types of 1 tokens, but 2/,
    ],
    [
      "tokens that are numbers",
      { "tokenizer.ggml.tokens": new Int32Array(2) },
      /a list of 2, not a list of texts/,
    ],
    [
      "a special token beyond them",
      { "tokenizer.ggml.eos_token_id": 2 },
      /eos token is 2, but it has 2 tokens/,
    ],
  ])("with %s is refused by name", (_, changes, message) => {
    expect(() => dataOf(changes)).toThrow(message);
    expect(() => dataOf(changes)).toThrow(/BAD_CHECKPOINT/);
  });
});
