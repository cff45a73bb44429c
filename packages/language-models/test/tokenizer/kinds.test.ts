import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pythonLacks } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { readTokenizer } from "../../src/index.js";
import {
  expectCases,
  type KindCases,
  kindsFolder,
  make,
  makeCases,
  readCases,
} from "../support/tokenizerCases.js";

const kinds = ["smollm2", "llama3", "qwen2", "llama2", "mistral"];

describe("a tokenizer of the kind of", () => {
  const { texts, kinds: cases } = readCases(join(kindsFolder, "cases.json"));

  test.each(kinds)("%s gives the ids of Python's tokenizers, and their texts", async (name) => {
    expectCases(
      await readTokenizer(join(kindsFolder, name)),
      texts,
      cases[name] as KindCases,
      name,
    );
  });
});

const noPython = pythonLacks("tokenizers");

describe.skipIf(noPython)(`beside Python's tokenizers ${noPython ?? ""}`, () => {
  const inFolder = temporaryFolder();

  test("5,000 texts have the same ids with vocabularies of all published kinds", async () => {
    const { texts, kinds: cases } = makeCases("ids", kindsFolder, "5000", "100");
    expect([texts.length, Object.keys(cases).sort()]).toEqual([5_000, [...kinds].sort()]);
    for (const [name, of] of Object.entries(cases)) {
      expectCases(await readTokenizer(join(kindsFolder, name)), texts, of, name);
    }
  }, 300_000);

  test("so have 1,000 with components that are rarer", async () => {
    make("kinds", inFolder());
    const { texts, kinds: cases } = makeCases("ids", inFolder(), "1000", "101");
    expect(Object.keys(cases).sort()).toEqual(readdirSync(inFolder()).sort());
    for (const [name, of] of Object.entries(cases)) {
      expectCases(await readTokenizer(inFolder(name)), texts, of, name);
    }
  }, 300_000);
});
