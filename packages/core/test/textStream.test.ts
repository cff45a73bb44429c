import { expect, test } from "vitest";
import { textStream } from "../src/generate/textStream.js";

/** One token per byte of UTF-8. */
const bytes = (ids: readonly number[]) => Buffer.from(ids).toString("utf8");

/** Drops the space of the first token, as SentencePiece's decoder does. */
const pieces = ["▁a", "▁b", "c"];
const words = (ids: readonly number[]) =>
  ids
    .map((id) => pieces[id])
    .join("")
    .replaceAll("▁", " ")
    .replace(/^ /, "");

function streamed(
  decode: (ids: readonly number[]) => string,
  ids: Iterable<number>,
  stop: readonly string[] = [],
) {
  const stream = textStream(decode, stop);
  const parts = Array.from(ids, (id) => stream.add(id));
  return { parts, end: stream.end(), isStopped: stream.isStopped };
}

test("characters come when all their bytes have", () => {
  const { parts, end } = streamed(bytes, Buffer.from("a€😀é"));
  expect(parts).toEqual(["a", "", "", "€", "", "", "", "😀", "", "é"]);
  expect(end).toBe("");
});

test("bytes that are no character come as what decoding makes of them", () => {
  const ids = [0xff, 0x61, 0xe2, 0x82];
  const { parts, end } = streamed(bytes, ids);
  expect(parts.join("") + end).toBe(bytes(ids));
  expect(end).toBe("\ufffd");
  const many = [...Array.from({ length: 20 }, () => 0x80), 0x62];
  expect(streamed(bytes, many).parts.join("")).toBe(bytes(many));
});

test("tokens are decoded after those before them", () => {
  expect(streamed(words, [0, 1, 2, 0, 1]).parts).toEqual(["a", " b", "c", " a", " b"]);
});

test("a stop text ends the text, also across tokens", () => {
  const ends = (text: string, ...stop: string[]) => streamed(bytes, Buffer.from(text), stop);
  expect(ends("one\n\ntwo", "\n\n")).toMatchObject({ isStopped: true, end: "" });
  expect(ends("one\n\ntwo", "\n\n").parts.join("")).toBe("one");
  // What only begins like a stop text comes late, but whole.
  const { parts, end, isStopped } = ends("ab\nc\n", "\n\n");
  expect(parts).toEqual(["a", "b", "", "\nc", ""]);
  expect([end, isStopped]).toEqual(["\n", false]);
  expect(ends("x 😀 y", "😀").parts.join("")).toBe("x ");
  expect(ends("aab!", "ab", "!").parts.join("")).toBe("a");
});

test("a stop text within one token cuts it", () => {
  const { parts, isStopped } = streamed(() => "Yes.\nNo", [1], ["\n"]);
  expect(parts).toEqual(["Yes."]);
  expect(isStopped).toBe(true);
});
