import { readFileSync } from "node:fs";
import { join } from "node:path";
import { registerSecondOrderGradients } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { errorsOf, hessian, productOf, valuesIn } from "./secondOrder/check.js";
import type { Case } from "./secondOrder/operation.js";
import { exportedOperations, operations } from "./secondOrder/operations.js";
import { operationsPage } from "./secondOrder/table.js";
import { engines, useEngine } from "./support/engines.js";

const cases = (kind: "exact" | "constant" | "refused"): [string, Case][] =>
  Object.entries(operations).flatMap(([name, operation]) =>
    Object.entries(operation[kind] ?? {}).map(([variant, given]): [string, Case] => [
      variant ? `${name}, ${variant}` : name,
      given,
    ]),
  );

const differentiable = [...cases("exact"), ...cases("constant")];
const refusal = /\[NOT_DIFFERENTIABLE\]/;

describe("the cases are complete", () => {
  test("every operation of TensorFlow.js has some", () => {
    expect(Object.keys(operations).sort()).toEqual(exportedOperations());
  });

  test("every gradient is differentiated in one", async () => {
    await tf.setBackend("cpu");
    registerSecondOrderGradients();
    const engine = tf.engine() as unknown as { addTapeNode(name: string): void };
    const { addTapeNode } = engine;
    const seen = new Set<string>();
    engine.addTapeNode = (...args) => {
      seen.add(args[0]);
      addTapeNode.apply(engine, args);
    };
    for (const [, given] of differentiable) productOf(given);
    engine.addTapeNode = addTapeNode;
    const kernels = Object.values(tf).filter((value) => typeof value === "string");
    const unseen = kernels.filter((name) => tf.getGradient(name) && !seen.has(name));
    // There are no such kernels: the operations use others.
    expect(unseen).toEqual([tf.BroadcastTo, tf.LogSoftmax]);
  });
});

describe("second derivatives agree with finite differences", () => {
  beforeAll(async () => void (await tf.setBackend("cpu")));

  test.each(differentiable)("%s", (_, given) => {
    const { gradient, hvp } = errorsOf(given);
    expect(gradient).toBeLessThan(2e-3);
    expect(hvp).toBeLessThan(2e-3);
  });
});

describe("what has none is refused by name", () => {
  test.each(cases("refused"))("%s", (_, given) => {
    expect(() => productOf(given)).toThrow(refusal);
  });
});

const others = engines.filter(({ name }) => name !== "cpu");

describe.each(others)("$name", (engine) => {
  describe.skipIf(engine.missing)(`has the same second derivatives ${engine.missing ?? ""}`, () => {
    const expected = new Map<string, number[]>();
    beforeAll(async () => {
      await tf.setBackend("cpu");
      for (const [name, given] of differentiable) expected.set(name, productOf(given));
    });
    const runtime = useEngine(engine);

    /** Result of an engine, or undefined where it throws an error that names what it lacks. */
    const attempt = (compute: () => number[]) => {
      try {
        return compute();
      } catch (error) {
        expect(String(error)).toMatch(/Kernel '\w+' not registered|the engine ".*" lacks/);
        return undefined;
      }
    };

    // TensorFlow rounds the number of windows down, whatever one asks for.
    const same = differentiable.filter(([name]) => !name.endsWith("rounded up"));
    test.each(same)("%s", (name, given) => {
      const found = attempt(() => productOf(given));
      if (found) expectClose(found, expected.get(name) as number[]);
    });

    test.each(cases("refused"))("%s is refused", (_, given) => {
      expect(() => productOf(given)).toThrow();
    });

    const some = ["logSoftmax", "losses.softmaxCrossEntropy", "fused.matMul", "conv2d", "cumprod"];
    test.each(differentiable.filter(([name]) => some.includes(name)))(
      "%s, compiled",
      (name, given) => {
        const compiled = runtime().compile(() => hessian(given));
        const found = attempt(() => valuesIn(compiled()));
        if (found) expectClose(found, expected.get(name) as number[]);
      },
    );
  });
});

test("the page in the documentation is that of these cases: npm run docs:operations", () => {
  const page = join(import.meta.dirname, "../docs/second-order-operations.md");
  expect(readFileSync(page, "utf8")).toBe(operationsPage());
});

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  const gap = norm(found.map((value, i) => value - Number(wanted[i])));
  expect(found).toHaveLength(wanted.length);
  expect(gap).toBeLessThanOrEqual(1e-4 * Math.max(norm(wanted), 1e-3));
}
