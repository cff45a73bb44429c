import { expect, test } from "vitest";
import { mean, sampleDeviation } from "../src/statistics.js";

// numpy 2.4.6: np.mean(values), np.std(values, ddof=1)
test.each([
  [[0.125, 0.5, 0.3, 0.9, 0.7], 0.5050000000000001, 0.3084234102658227],
  [[1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], 1e9 + 10, 5.477225575051661],
])("the mean and the sample deviation of %j are numpy's", (values, expectedMean, deviation) => {
  expect(mean(values)).toBeCloseTo(expectedMean, 15);
  expect(sampleDeviation(values)).toBeCloseTo(deviation, 15);
});

test("few values: a deviation needs two, a mean one", () => {
  expect(sampleDeviation([0.5])).toBe(0);
  expect(mean([0.5])).toBe(0.5);
  expect(mean([])).toBeNaN();
  expect(mean([1, Number.NaN])).toBeNaN();
});
