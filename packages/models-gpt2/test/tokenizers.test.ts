import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { missing, shared } from "../../../test/support/shared.js";
import { byteTokenizer, gpt2Tokenizer } from "../src/index.js";

const reason = missing("golden/metaicl/gpt2_bpe_cases.json");

test.skipIf(reason)(`GPT-2's tokenizer equals the recorded ids ${reason ?? ""}`, () => {
  const path = shared("golden/metaicl/gpt2_bpe_cases.json");
  const cases: Record<string, number[]> = JSON.parse(readFileSync(path, "utf8"));
  expect(Object.keys(cases).length).toBeGreaterThan(10);
  for (const [text, ids] of Object.entries(cases)) expect(gpt2Tokenizer.encode(text)).toEqual(ids);
});

describe("GPT-2's tokenizer", () => {
  test("reads the end-of-text mark as its special token", () => {
    expect(gpt2Tokenizer.encode("a<|endoftext|>")).toEqual([64, 50256]);
  });

  test("gives back any text", () => {
    const text = "naïve 東京 \u{1f600}\n\n\n  tabs\t";
    expect(gpt2Tokenizer.decode(gpt2Tokenizer.encode(text))).toBe(text);
  });
});

describe("the byte tokenizer", () => {
  test("has one token per byte of UTF-8", () => {
    expect(byteTokenizer.encode("a\né")).toEqual([97, 10, 0xc3, 0xa9]);
  });

  test("gives back any text", () => {
    expect(byteTokenizer.decode(byteTokenizer.encode("東京\n"))).toBe("東京\n");
  });
});
