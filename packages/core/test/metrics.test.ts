import { describe, expect, test } from "vitest";
import { accuracy, macroF1 } from "../src/index.js";

const gold = (...labels: string[]) => labels.map((label) => [label]);

describe("accuracy", () => {
  test("is the share of correct answers, ignoring surrounding space", () => {
    expect(accuracy(["a ", "b", "c", "d"], gold("a", " b", "x", "d"))).toBe(0.75);
  });

  test("accepts any of several correct answers", () => {
    expect(accuracy(["b"], [["a", "b"]])).toBe(1);
  });
});

describe("macro-F1", () => {
  test("averages over the labels that occur among the gold ones", () => {
    // a: precision 1/2, recall 1, F1 2/3; b: precision 1, recall 1/2, F1 2/3; c never occurs
    expect(macroF1(["a", "a", "b"], gold("a", "b", "b"))).toBeCloseTo(2 / 3, 12);
    expect(macroF1(["a", "c", "b"], gold("a", "b", "b"))).toBeCloseTo((1 + 2 / 3) / 2, 12);
  });

  test("is 0 for a label that is never found", () => {
    expect(macroF1(["a", "a"], gold("a", "b"))).toBeCloseTo(2 / 3 / 2, 12);
  });

  test("compares labels without surrounding space", () => {
    // a: 1 of 1 and 1 of 2, F1 2/3; b: 1 of 2 and 1 of 1, F1 2/3; c, which is never predicted: 0
    const f1 = macroF1([" a", "b ", "b", "d"], gold("a", "b", "a ", "c"));
    expect(f1).toBeCloseTo((2 / 3 + 2 / 3 + 0) / 3, 12);
  });

  test("counts the first of several correct answers as the label", () => {
    // The answer b is not the label a: F1 0.
    expect(macroF1(["b"], [["a", "b"]])).toBe(0);
  });
});
