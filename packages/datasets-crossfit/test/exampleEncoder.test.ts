import { messageOf, randomFor } from "@metalearn/core";
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

test("a cut input tells how many of its tokens are kept", () => {
  const cutOf = (tokens: ExampleTokens | undefined) => tokens?.cut?.();
  expect(cutOf(encoder(8).answered(example("abcdef", "yz"), place))).toEqual({ kept: 3, of: 6 });
  expect(cutOf(encoder(20).answered(example("abcdef", "yz"), place))).toBeUndefined();
  const asked = encoder(10).perAnswer(example("abcdef", "y", []), ["y", "long"], place);
  expect(asked.map(cutOf)).toEqual([
    { kept: 3, of: 6 },
    { kept: 3, of: 6 },
  ]);
  expect(cutOf(encoder(6).unanswered(example("abcdef", "y"), place))).toEqual({ kept: 4, of: 6 });
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

test("no more of a text is encoded than can fit, and nothing changes by that", () => {
  const random = randomFor("cut examples");
  const letters = (most: number) => "x".repeat(random.integer(most));
  const read: number[] = [];
  const tokenizer = {
    ...letterTokenizer,
    encodeStart(text: string, limit: number) {
      if (limit < 100) read.push(limit); // more are counted only of a text that was cut
      return letterTokenizer.encode(text.slice(0, limit));
    },
  };
  const outcome = (work: () => ExampleTokens | ExampleTokens[] | undefined) => {
    try {
      return [work() ?? []].flat().map((tokens) => ({ ...tokens, cut: tokens.cut?.() }));
    } catch (error) {
      return messageOf(error);
    }
  };
  for (let i = 0; i < 300; i++) {
    const maxExampleTokens = 4 + random.integer(12);
    const row = example(letters(30), letters(20));
    const answers = [letters(20), letters(20)];
    const format = { ...spaces, method: random.integer(2) === 0 ? "direct" : "channel" } as const;
    for (const task of ["t", "inst:x", "inst:piqa"]) {
      const [whole, cut] = [letterTokenizer, tokenizer].map((tokenizer) => {
        const encoder = exampleEncoder({ tokenizer, format, maxExampleTokens });
        return [
          outcome(() => encoder.answered(row, { task, first: false })),
          outcome(() => encoder.perAnswer(row, answers, { task, first: false })),
          outcome(() => void encoder.check(row, { task, answers, isScored: false })),
        ];
      });
      expect(cut).toEqual(whole);
      expect(Math.max(...read)).toBeLessThanOrEqual(maxExampleTokens);
      read.length = 0;
    }
  }
});

test("a long answer without a room for each of its bytes is looked at", () => {
  // As with SentencePiece, which puts a space before every text.
  const tokenizer = {
    ...letterTokenizer,
    encode: (text: string) => [32, ...letterTokenizer.encode(text)],
  };
  const encoder = exampleEncoder({ tokenizer, format: spaces, maxExampleTokens: 6 });
  const check = (answer: string) => () =>
    encoder.check(example("x", answer), { task: "t", answers: [answer], isScored: true });
  expect(check("a")).not.toThrow(); // an empty cue and " a" are 1 + 3 tokens
  expect(check("ab")).toThrow(/1 tokens too long/);
});
