import { expect, test } from "vitest";
import { RowProblem } from "../src/data/example.js";
import { type ExampleTokens, exampleEncoder } from "../src/prompt/exampleEncoder.js";
import { letterTokenizer } from "./support/letters.js";

const spaces = { method: "direct", style: "space", separatorCompat: "metaicl-code" } as const;
const place = { task: "t", first: true };

/** An encoder with room for `maxExampleTokens - 2` letters. */
function encoder(maxExampleTokens: number, method: "direct" | "channel" = "direct") {
  return exampleEncoder({
    tokenizer: letterTokenizer,
    format: { ...spaces, method },
    maxExampleTokens,
  });
}

function example(input: string, answer: string, options = [answer]) {
  return { input, outputs: [answer], options } as const;
}

function texts({ conditioning, scored }: ExampleTokens) {
  return [conditioning, scored].map((ids) => letterTokenizer.decode(Array.from(ids)));
}

test("direct reads the input and scores the answer, channel the other way round", () => {
  expect(texts(encoder(20).answered(example("in", "out"), place))).toEqual(["in", " out"]);
  expect(texts(encoder(20, "channel").answered(example("in", "out"), place))).toEqual([
    "out",
    " in",
  ]);
});

test("an example that just fits is kept whole; one token more costs the input its last", () => {
  // "abcd" and " yz" are 7 tokens, and 2 of the room stay free.
  expect(texts(encoder(9).answered(example("abcd", "yz"), place))).toEqual(["abcd", " yz"]);
  expect(texts(encoder(8).answered(example("abcd", "yz"), place))).toEqual(["abc", " yz"]);
});

test("an answer that takes all the room leaves no input; a longer one is a problem", () => {
  expect(texts(encoder(5).answered(example("abcd", "yz"), place))).toEqual(["", " yz"]);
  expect(() => encoder(4).answered(example("abcd", "yz"), place)).toThrow(RowProblem);
  expect(() => encoder(4).answered(example("abcd", "yz"), place)).toThrow(/1 tokens too long/);
});

test("an empty input is allowed", () => {
  expect(texts(encoder(9).answered(example("", "yz"), place))).toEqual(["", " yz"]);
});

test("the longest option shortens the input for all options alike", () => {
  // Room for 8: " long" takes 5, which leaves 3 letters of the input.
  const asked = encoder(10).perAnswer(example("abcdef", "y", []), ["y", "long"], place);
  expect(asked.map(texts)).toEqual([
    ["abc", " y"],
    ["abc", " long"],
  ]);
});

test("the first of several acceptable answers is the one that is shown", () => {
  const several = { input: "x", outputs: ["b", "a"], options: ["a", "b"] } as const;
  expect(texts(encoder(20).answered(several, place))).toEqual(["x", " b"]);
});

test("tasks with an instruction cut an answer that is longer than its input", () => {
  const inst = { task: "inst:x", first: true };
  expect(texts(encoder(8).answered(example("ab", "uvwxyz"), inst))).toEqual(["ab", " uvw"]);
  expect(texts(encoder(8).answered(example("abcdef", "yz"), inst))).toEqual(["abc", " yz"]);
});

test.each(["inst:piqa:a", "inst:yahoo_answers_topics"])("%s shares the room in halves", (task) => {
  // Half of 10 for the input, and 2 less for the answer, however short the other is.
  const long = example("abcdefgh", "uvwxyz");
  expect(texts(encoder(10).answered(long, { task, first: true }))).toEqual(["abcde", " uv"]);
  expect(texts(encoder(10).answered(example("a", "uvwxyzu"), { task, first: true }))).toEqual([
    "a",
    " uv",
  ]);
});

test("a look ahead finds answers that cannot be encoded and parts that cannot be scored", () => {
  const check = (
    method: "direct" | "channel",
    style: "space" | "newline",
    ...row: [string, string, string[]]
  ) =>
    exampleEncoder({
      tokenizer: letterTokenizer,
      format: { ...spaces, style, method },
      maxExampleTokens: 6,
    }).check(example(...row), { task: "t", answers: [row[1]], isScored: true });
  expect(() => check("direct", "space", "x", "abc", [])).not.toThrow();
  expect(() => check("direct", "space", "x", "abcd", [])).toThrow(/1 tokens too long/);
  expect(() => check("direct", "newline", "x", "", [])).toThrow(
    /empty output leaves nothing to score/,
  );
  expect(() => check("direct", "newline", "x", "", ["", "a"])).not.toThrow();
  expect(() => check("channel", "newline", "", "a", ["a"])).toThrow(
    /empty input leaves nothing to score/,
  );
});
