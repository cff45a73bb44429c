import { describe, expect, test } from "vitest";
import { accuracy, macroF1, metrics } from "../src/evaluate/metrics.js";

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

describe("the metrics of CrossFit", () => {
  // Expected: scikit-learn 1.9.1 (f1_score with average="macro", matthews_corrcoef), scipy 1.17.1
  // (pearsonr), rouge-score 0.1.2 (rougeL without stemmer), and the SQuAD metrics of transformers 5.18
  // (compute_exact, compute_f1), each called once with the answers below.
  const wanted = gold(..."abacbaca");
  const got = [..."abbabada"];

  test("classification-f1 averages over gold and predicted labels", () => {
    expect(metrics["classification-f1"](got, wanted)).toBeCloseTo(0.3875, 12);
    // d is predicted and never right: without it the mean is over three labels.
    expect(metrics["macro-f1"](got, wanted)).toBeCloseTo((0.3875 * 4) / 3, 12);
  });

  test("matthews correlates labels, two or many", () => {
    expect(metrics.matthews(got, wanted)).toBeCloseTo(0.4616902584383194, 12);
    const two = gold(..."ynyynnynyy");
    expect(metrics.matthews([..."ynnynyynyn"], two)).toBeCloseTo(0.408248290463863, 12);
    expect(metrics.matthews([..."yyyyyyyyyy"], two)).toBe(0);
  });

  test("pearson correlates numbers, and takes nothing else", () => {
    const numbers = gold("1", "2.5", "3", "4", "5", "2");
    const r = metrics.pearson(["2", "2", "4", " 3", "5", "1"], numbers);
    expect(r).toBeCloseTo(0.8003531402678307, 12);
    expect(metrics.pearson(["2", "2", "2", "2", "2", "2"], numbers)).toBe(0);
    expect(() => metrics.pearson(["good"], gold("1"))).toThrow(
      '[BAD_DATA] The metric pearson compares numbers, but one answer is "good".',
    );
  });

  test.each([
    ["The quick brown fox jumps", "the fast brown fox jumped over", 0.5454545454545454],
    ["police killed the gunman", "police kill the gunman", 0.75],
    ["the gunman kill police", "police kill the gunman", 0.5],
    ["U.S. won 2-1!", "the US won 2 1", 0.6],
    ["", "a", 0],
    ["x y z", "z y x", 0.3333333333333333],
    ["a b c d e f g", "a c e g b d f", 0.5714285714285714],
  ])("rouge-l of %j to %j is %d", (prediction, answer, expected) => {
    expect(metrics["rouge-l"]([prediction], [[answer]])).toBeCloseTo(expected, 12);
  });

  test.each([
    ["Eiffel tower!", "the Eiffel Tower", 1, 1],
    ["the red dog", "a big red dog", 0, 0.8],
    ["york, new", "New York City", 0, 0.8],
    ["dog cat cat", "dog dog cat", 0, 0.6666666666666666],
    ["banana", "an apple", 0, 0],
    ["annas theatre", "Anna's theatre", 1, 1],
    ["coop", "co-op", 1, 1],
  ])("exact-match and qa-f1 of %j to %j are %d and %d", (prediction, answer, exact, f1) => {
    expect(metrics["exact-match"]([prediction], [[answer]])).toBe(exact);
    expect(metrics["qa-f1"]([prediction], [[answer]])).toBeCloseTo(f1, 12);
  });

  test("take the acceptable answer that fits best, and the mean over questions", () => {
    // 0.8 to the first of two acceptable answers and 1 to none.
    const answers = [["a big red dog", "a cat"], ["banana"]];
    expect(metrics["qa-f1"](["the red dog", "apple"], answers)).toBeCloseTo(0.4, 12);
  });
});
