import { MetaError, registerSecondOrderGradients } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { differentiateTwice, errorsOf } from "./secondOrder/check.js";
import type { Case, Operation } from "./secondOrder/operation.js";
import { exportedOperations, operations } from "./secondOrder/operations.js";

beforeAll(async () => {
  registerSecondOrderGradients();
  await tf.setBackend("cpu");
});

test("every operation of TensorFlow.js is here", () => {
  expect(Object.keys(operations).sort()).toEqual(exportedOperations());
});

const named = (kind: "exact" | "constant" | "refused"): [string, Case][] =>
  Object.entries(operations as Record<string, Operation>).flatMap(([name, operation]) =>
    Object.entries(operation[kind] ?? {}).map(([variant, given]): [string, Case] => [
      variant ? `${name}, ${variant}` : name,
      given,
    ]),
  );

describe("second derivatives agree with finite differences", () => {
  test.each([...named("exact"), ...named("constant")])("%s", (_, given) => {
    const { gradient, hvp } = errorsOf(given);
    expect(gradient).toBeLessThan(2e-3);
    expect(hvp).toBeLessThan(2e-3);
  });
});

describe("what has none is refused by name", () => {
  test.each(named("refused"))("%s", (_, given) => {
    expect(() => differentiateTwice(given)).toThrow(MetaError);
    expect(() => differentiateTwice(given)).toThrow(/NOT_DIFFERENTIABLE/);
  });
});
