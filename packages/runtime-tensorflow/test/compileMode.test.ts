import { expect, test } from "vitest";
import { modeFor } from "../src/compile/mode.js";

const gpt2Small = {
  name: "gradient",
  isElementwise: false,
  precision: "float32",
  outputElements: 124_439_808,
  operations: 2_977,
} as const;

test("gradients of a large model are compiled by XLA", () => {
  expect(modeFor("auto", gpt2Small)).toBe("xla");
});

test("those of a small model are not worth the time to compile", () => {
  expect(modeFor("auto", { ...gpt2Small, outputElements: 3_336_704, operations: 600 })).toBe(
    "graph",
  );
});

test("a function that returns one number stays a graph", () => {
  expect(modeFor("auto", { ...gpt2Small, outputElements: 1 })).toBe("graph");
});

test("bfloat16 stays a graph", () => {
  expect(modeFor("auto", { ...gpt2Small, precision: "bfloat16" })).toBe("graph");
});

test("what goes element by element passes memory once, however small", () => {
  const update = { ...gpt2Small, isElementwise: true };
  expect(modeFor("auto", update)).toBe("elementwise");
  expect(modeFor("auto", { ...update, outputElements: 1 })).toBe("elementwise");
});

test("what does not go element by element cannot be asked to", () => {
  expect(() => modeFor("elementwise", gpt2Small)).toThrow(/gradient cannot be compiled.*"auto"/);
});

test("what was asked for is done", () => {
  expect(modeFor("graph", gpt2Small)).toBe("graph");
  expect(modeFor("xla", { ...gpt2Small, outputElements: 1 })).toBe("xla");
});
