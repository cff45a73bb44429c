import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { expect, test } from "vitest";
import { readTaskFile } from "../src/data/taskFile.js";
import { writeFiles } from "./support/files.js";

const row = { task: "t", input: "x", output: "a", options: ["a", "b"] };
const line = (changes: object = {}) => `${JSON.stringify({ ...row, ...changes })}\n`;

async function read(text: string, taskType: "classification" | "multi-choice" | "free-form") {
  const path = join(writeFiles({ "t.jsonl": text }), "t.jsonl");
  const file = await readTaskFile(path, { task: "t", taskType });
  return { ...file, path };
}

test("every line is an example, and an answer may be a list of acceptable ones", async () => {
  const { examples } = await read(
    line() + line({ input: "", output: ["b", "a"] }) + line({ options: [], output: "free" }),
    "multi-choice",
  );
  expect(examples).toEqual([
    { input: "x", outputs: ["a"], options: ["a", "b"] },
    { input: "", outputs: ["b", "a"], options: ["a", "b"] },
    { input: "x", outputs: ["free"], options: [] },
  ]);
});

test("a byte order mark, Windows line ends and a missing last line end do no harm", async () => {
  const text = `\uFEFF${line()}${line({ input: "Ünï" })}`.replaceAll("\n", "\r\n").trimEnd();
  const { examples } = await read(text, "classification");
  expect(examples.map(({ input }) => input)).toEqual(["x", "Ünï"]);
});

test("options and answers are compared without surrounding white space, as scores are", async () => {
  const { examples } = await read(line({ output: "a " }), "classification");
  expect(examples[0]?.outputs).toEqual(["a "]);
});

test("the fingerprint is the SHA-256 of the file's bytes", async () => {
  const { sha256 } = await read(
    '{"task":"t","input":"x","output":"a","options":["a","b"]}\n',
    "classification",
  );
  // printf '...' | sha256sum
  expect(sha256).toBe("6a68c8759201d5eb88b04039d8411838debc4a2f609af4925e5fa2ddcb1ea2c6");
});

test.each([
  ["{oops}\n", 2, /not JSON/],
  ["[1]\n", 2, /expected a JSON object, got \[1\]/],
  ["\n", 2, /empty/],
  [line({ task: "other" }), 2, /"task": expected "t", the folder's name, got "other"/],
  [line({ input: undefined }), 2, /"input" is missing/],
  [line({ input: 5 }), 2, /"input": expected a string, got 5/],
  [line({ output: undefined }), 2, /"output" is missing/],
  [line({ output: 1 }), 2, /"output": expected a string or a list/],
  [line({ output: [] }), 2, /"output": expected a string or a list/],
  [line({ output: ["a", null] }), 2, /"output": expected a string or a list/],
  [line({ options: undefined }), 2, /"options" is missing/],
  [line({ options: "a" }), 2, /"options": expected a list of strings/],
  [line({ options: ["a", 2] }), 2, /"options": expected a list of strings/],
  [line({ output: "c" }), 2, /one of the options \["a","b"\], got "c"/],
  [line({ output: ["a", "c"] }), 2, /one of the options \["a","b"\], got "c"/],
  [
    line({ options: ["b", "a"] }),
    2,
    /expected \["a","b"\], as in the first row of this classification task, got \["b","a"\]/,
  ],
  [line() + line({ options: [] }), 3, /"options": expected \["a","b"\], as in the first row/],
])("a bad line is named with its file and number: %j", async (text, number, problem) => {
  const error = await read(line() + text, "classification").catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(MetaError);
  expect(error).toMatchObject({ code: "BAD_DATA" });
  const { message } = error as MetaError;
  expect(message).toContain(`t.jsonl:${number}: `);
  expect(message).toMatch(problem);
});

test("multi-choice rows may differ in their options, but an answer has to be one of them", async () => {
  const { examples } = await read(line() + line({ options: ["a", "c"] }), "multi-choice");
  expect(examples.map(({ options }) => options)).toEqual([
    ["a", "b"],
    ["a", "c"],
  ]);
  await expect(read(line({ output: "c" }), "multi-choice")).rejects.toThrow(
    /:1: .*one of the options/,
  );
});

test("a classification task needs options", async () => {
  await expect(read(line({ options: [] }), "classification")).rejects.toThrow(
    /t\.jsonl:1: .*needs "options"/,
  );
});

test("an empty file is an error", async () => {
  await expect(read("", "free-form")).rejects.toThrow(
    /\[BAD_DATA\] .*t\.jsonl:1: the file is empty/,
  );
});

test("text that is not UTF-8 is named by its line", async () => {
  const folder = writeFiles({ "t.jsonl": "" });
  const { writeFileSync } = await import("node:fs");
  const path = join(folder, "t.jsonl");
  writeFileSync(path, Buffer.concat([Buffer.from(line()), Buffer.from([0x7b, 0xe9, 0x7d, 0x0a])]));
  await expect(readTaskFile(path, { task: "t", taskType: "classification" })).rejects.toThrow(
    /t\.jsonl:2: the line is not UTF-8 text/,
  );
});

test("a file that is not there is an error of its own", async () => {
  await expect(
    readTaskFile("/nowhere/t.jsonl", { task: "t", taskType: "free-form" }),
  ).rejects.toThrow(/\[MISSING_FILE\] \/nowhere\/t\.jsonl cannot be read/);
});
