import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomFor } from "@metalearn/core";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { readTokenizer } from "../../src/index.js";
import { pipeline } from "../../src/tokenizer/pipeline.js";
import { parseTokenizerJson } from "../../src/tokenizer/tokenizerJson.js";
import { vocabulary } from "../../src/tokenizer/vocabulary.js";
import { kindsFolder, readCases } from "../support/tokenizerCases.js";

const kinds = ["smollm2", "llama3", "qwen2", "llama2", "mistral"];
const inFolder = temporaryFolder();
const { texts } = readCases(join(kindsFolder, "cases.json"));

describe("a border that two characters show", () => {
  test.each(kinds)("cuts a text into two with the same ids, of the kind of %s", async (name) => {
    await expectBorders(join(kindsFolder, name), 0.1);
  });

  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const added = [
    { content: "<mask>", lstrip: true },
    { content: "<sep>", rstrip: true },
    { content: "the", single_word: true },
    { content: "[PAD]", lstrip: true, rstrip: true, normalized: true },
    { content: "is t", normalized: true },
    { content: "\n\n" },
  ].map((token, i) => ({ ...flags, ...token, id: 1_800 + i, special: false }));
  const metaspace = { type: "Metaspace", replacement: "\u2581" };

  test.each<[string, string, object]>([
    ["beside added tokens of every kind", "llama2", {}],
    ["beside them in normalised texts", "qwen2", {}],
    [
      "with a space before every stretch between them",
      "mistral",
      { pre_tokenizer: { ...metaspace, prepend_scheme: "always", split: true } },
    ],
    [
      "in one word of bytes",
      "smollm2",
      { pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, use_regex: false } },
    ],
    [
      "with words that do not cover the text",
      "llama3",
      {
        pre_tokenizer: {
          type: "Sequence",
          pretokenizers: [
            { type: "Split", pattern: { String: "," }, behavior: "MergedWithPrevious" },
            { type: "Split", pattern: { Regex: "\\s" }, behavior: "MergedWithNext" },
            { type: "Split", pattern: { Regex: "[A-Z][a-z]+|[0-9]++" }, behavior: "Removed" },
            { type: "ByteLevel", add_prefix_space: false, use_regex: false },
          ],
        },
      },
    ],
  ])("does so %s", async (_, kind, changes) => {
    const json = JSON.parse(await readFile(join(kindsFolder, kind, "tokenizer.json"), "utf8"));
    json.added_tokens.push(...added);
    await writeFile(inFolder("tokenizer.json"), JSON.stringify({ ...json, ...changes }));
    await expectBorders(inFolder(), 0);
  });

  const hard = [
    "a \n <mask> b\t\t<mask>",
    "x<sep> \t\n y<sep>  z",
    "of the.(the)the atheist the\n",
    " [PAD] [PAD]\n[PAD] ",
    "this is the , is t,, 1,2 A,B",
    "Ab12 cD,,Ef  gh\u0301 i\u0323\u0307,\u0301",
  ];

  /** @param share of the places of texts that are borders at least: what is never told helps nobody */
  async function expectBorders(folder: string, share: number): Promise<void> {
    const json = parseTokenizerJson(
      JSON.parse(await readFile(join(folder, "tokenizer.json"), "utf8")),
    );
    const tokens = vocabulary(new Map(Object.entries(json.model.vocab)), json.added_tokens);
    const { encode, isBorder } = pipeline(json, tokens);
    let [places, borders] = [0, 0];
    for (const text of [...texts, ...hard]) {
      const all = encode(text, false).join();
      for (let place = 1; place < text.length; place++) {
        places++;
        if (!isBorder(text, place)) continue;
        borders++;
        const both = [encode(text.slice(0, place), false), encode(text.slice(place), true)];
        if (both.flat().join() !== all) expect({ text, place, ids: both.flat().join() }).toBe(all);
      }
    }
    expect(borders / places).toBeGreaterThanOrEqual(share);
  }
});

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
