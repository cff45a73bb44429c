import { expect, test } from "vitest";
import { assembleSequence } from "../src/prompt/assembleSequence.js";
import { letterTokenizer, textsOf } from "./support/letters.js";

const part = (conditioning: string, scored: string) => ({
  conditioning: letterTokenizer.encode(conditioning),
  scored: letterTokenizer.encode(scored),
});

const newestFirst = [part("cd", "C"), part("ab", "A")];
const query = part("ef", "E");
const assemble = (maxTokens: number) =>
  textsOf(assembleSequence({ newestFirst, query, maxTokens }));

test("demonstrations come in order, the oldest first, and the query's answer is scored", () => {
  expect(assemble(100)).toEqual(["abAcdCef", "E"]);
});

test("a sequence that just fits is whole", () => {
  expect(assemble(9)).toEqual(["abAcdCef", "E"]);
});

test("what does not fit is dropped from the left, in the middle of a demonstration", () => {
  expect(assemble(8)).toEqual(["bAcdCef", "E"]);
  expect(assemble(5)).toEqual(["dCef", "E"]);
  expect(assemble(3)).toEqual(["ef", "E"]);
});

test("a query that does not fit is an error", () => {
  expect(() => assemble(2)).toThrow(/\[BAD_OPTION\] A question of 3 tokens .* sequence of 2/);
});

test("without demonstrations the query stands alone", () => {
  expect(textsOf(assembleSequence({ newestFirst: [], query, maxTokens: 9 }))).toEqual(["ef", "E"]);
});

test("demonstrations beyond the limit are not looked at", () => {
  function* endless() {
    for (;;) yield part("x", "X");
  }
  expect(textsOf(assembleSequence({ newestFirst: endless(), query, maxTokens: 6 }))).toEqual([
    "XxXef",
    "E",
  ]);
});
