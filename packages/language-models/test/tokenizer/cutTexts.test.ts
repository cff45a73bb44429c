import { join } from "node:path";
import { randomFor } from "@metalearn/core";
import { describe, expect, test } from "vitest";
import { readTokenizer } from "../../src/index.js";
import { kindsFolder, readCases } from "../support/tokenizerCases.js";

const kinds = ["smollm2", "llama3", "qwen2", "llama2", "mistral"];
const { texts } = readCases(join(kindsFolder, "cases.json"));

describe.each(kinds)("of a tokenizer of the kind of %s", (name) => {
  test("one side of a text has the ids that encoding all of it and cutting then gives", async () => {
    const tokenizer = await readTokenizer(join(kindsFolder, name));
    const random = randomFor("cuts", name);
    const pick = () => texts[random.integer(texts.length)] as string;
    for (let i = 0; i < 600; i++) {
      const text = i % 3 === 0 ? pick().repeat(1 + random.integer(6)) : pick() + pick() + pick();
      const all = tokenizer.encode(text);
      const limits = [0, 1, 2, 3, 7, random.integer(all.length + 1), all.length, all.length + 1];
      for (const limit of limits) {
        const told = JSON.stringify({ text, limit });
        expect(tokenizer.encodeStart(text, limit), told).toEqual(all.slice(0, limit));
        const end = all.slice(Math.max(0, all.length - limit));
        expect(tokenizer.encodeEnd(text, limit), told).toEqual(end);
      }
    }
  });

  /** Letters that no merge joins in the same way everywhere. */
  const scrambled = Array.from({ length: 300_000 }, (_, i) => {
    const hash = Math.imul(i, 0x9e3779b1) >>> 16;
    return String.fromCharCode(97 + (hash % 26));
  }).join("");

  test.each([
    ["one letter", "a".repeat(300_000)],
    ["two letters", "ab".repeat(150_000)],
    ["letters", scrambled],
    ["ideographs", "\u4e00\u662f\u4e0d".repeat(100_000)],
    ["digits", "1234567".repeat(40_000)],
    ["spaces", " ".repeat(300_000)],
    ["marks", "e\u0301".repeat(100_000)],
    ["characters without a token", "\u{1f9ff}\u0e5b".repeat(60_000)],
    ["words", "the answer is 42, said she.\n".repeat(10_000)],
    ["special tokens", "<|im_end|></s>".repeat(20_000)],
  ])("a long text of %s is encoded in time proportional to it, and cut", async (_, text) => {
    const tokenizer = await readTokenizer(join(kindsFolder, name));
    const seconds = cpuSeconds();
    const all = tokenizer.encode(text);
    expect(tokenizer.encodeStart(text, 100)).toEqual(all.slice(0, 100));
    expect(tokenizer.encodeEnd(text, 100)).toEqual(all.slice(-100));
    // The square of it takes minutes.
    expect(cpuSeconds() - seconds).toBeLessThan(20);
  });
});

test("the start of a text of 10 MB costs little more than that of a short one", async () => {
  const tokenizer = await readTokenizer(join(kindsFolder, "llama3"));
  const text = "It was the best of times, it was the worst of times. ".repeat(200_000);
  tokenizer.encodeStart(text, 100);
  const seconds = cpuSeconds();
  for (let i = 0; i < 100; i++) {
    tokenizer.encodeStart(text, 100);
    tokenizer.encodeEnd(text, 100);
  }
  expect(cpuSeconds() - seconds).toBeLessThan(5); // each in full takes a second
});

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
