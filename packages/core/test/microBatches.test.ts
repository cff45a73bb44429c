import * as tf from "@tensorflow/tfjs";
import { expect, test, vi } from "vitest";
import type { Batch } from "../src/batch/batch.js";
import { optionBatch } from "../src/batch/optionBatch.js";
import { tokenBatch } from "../src/batch/tokenBatch.js";
import type { Model } from "../src/contracts/model.js";
import type { TensorRuntime } from "../src/contracts/runtime.js";
import { createObjective } from "../src/objective/createObjective.js";
import type { Params } from "../src/params.js";
import { bigramModel, bigramParams } from "./support/bigramModel.js";

/** Mean of (w x - y)² over the examples. */
const model: Model<Readonly<Record<"x" | "y", tf.Tensor>>> = {
  name: "line",
  init: async () => ({ w: tf.scalar(3) }),
  loss: ({ w }, { x, y }) =>
    tf.tidy(() => tf.mean(tf.square(tf.sub(tf.mul(x, w as tf.Tensor), y))) as tf.Scalar),
};
const params: Params = { w: tf.scalar(3) };
const batch = { x: tf.tensor1d([1, 2, 3, 4, 5]), y: tf.tensor1d([1, 1, 1, 1, 1]) };

const number = (tensor: tf.Tensor | undefined) => Number(tensor?.dataSync()[0]);

test.each(["exact", "finite-difference"] as const)(
  "examples of unequal parts count alike (%s)",
  (hvp) => {
    const objective = createObjective(model, { microBatch: 2, hvp });
    // Residuals 2, 5, 8, 11, 14: squares 410 / 5; slope 2 * (2 + 10 + 24 + 44 + 70) / 5.
    const { loss, gradients } = objective.gradient(params, batch);
    expect(number(loss)).toBeCloseTo(82, 4);
    expect(number(objective.loss(params, batch))).toBeCloseTo(82, 4);
    expect(number(gradients.w)).toBeCloseTo(60, 4);
    // Curvature 2 * 55 / 5.
    const product = objective.hvp(params, batch, { w: tf.scalar(0.5) });
    expect(number(product.w) / 11).toBeCloseTo(1, 3);
  },
);

test("a model never sees more examples than were asked for, in parts as equal as can be", () => {
  const loss = vi.fn(model.loss);
  const sizes = (microBatch: number) => {
    loss.mockClear();
    createObjective({ ...model, loss }, { microBatch }).loss(params, batch);
    return loss.mock.calls.map(([, { x }]) => x.size);
  };
  expect(sizes(1)).toEqual([1, 1, 1, 1, 1]);
  expect(sizes(2)).toEqual([1, 2, 2]);
  expect(sizes(4)).toEqual([2, 3]);
  expect(sizes(5)).toEqual([5]);
});

test("parts of token batches have the same shapes, whatever is scored", () => {
  const shapes = new Set<string>();
  const watching: typeof bigramModel = {
    ...bigramModel,
    loss(params, batch) {
      shapes.add(JSON.stringify(Object.values(batch).map(({ shape }) => shape)));
      return bigramModel.loss(params, batch);
    },
  };
  const scored = [1, 4, 2, 3].map((count) => ({ ids: [0, 1, 2, 3, 0], scoredFrom: 5 - count }));
  createObjective(watching, { microBatch: 2 }).loss(bigramParams(), tokenBatch(scored));
  // Rows, positions, queries of each row, and as many predictions as two rows may have.
  expect([...shapes]).toEqual([JSON.stringify([[2, 5], [8], [2, 4], [8], [8], [8]])]);
});

test("only results are left, and one part is gone before the next begins", () => {
  const held: number[] = [];
  const loss: typeof model.loss = (params, batch) => {
    held.push(tf.memory().numTensors);
    return model.loss(params, batch);
  };
  const objective = createObjective({ ...model, loss }, { microBatch: 1 });
  const vector = { w: tf.scalar(1) };
  const before = tf.memory().numTensors;
  const { loss: value, gradients } = objective.gradient(params, batch);
  expect(tf.memory().numTensors - before).toBe(2);
  // From the second part on there are sums.
  expect(new Set(held.slice(1)).size).toBe(1);
  const product = objective.hvp(params, batch, vector);
  expect(tf.memory().numTensors - before).toBe(3);
  tf.dispose([value, { ...gradients }, { ...product }]);
  expect(tf.memory().numTensors).toBe(before);
});

test("what lies around the parts is compiled as without them", () => {
  const compiled: (string | undefined)[] = [];
  const compile: TensorRuntime["compile"] = (fn, options) => {
    compiled.push(options?.name);
    return fn;
  };
  const namesFor = (microBatch: number | undefined) => {
    compiled.length = 0;
    const objective = createObjective(model, { microBatch, runtime: { compile } });
    objective.compile((x: tf.Tensor) => tf.neg(x), "update");
    return [...compiled].sort();
  };
  expect(namesFor(undefined)).toEqual(["gradient", "hvp", "loss", "update"]);
  expect(namesFor(2)).toEqual(["gradient", "hvp", "loss", "update"]);
});

test.each<[string, Batch, string]>([
  ["of different length", { x: tf.ones([3]), y: tf.ones([2, 2]) }, "x [3], y [2,2]"],
  ["without axes", { x: tf.ones([3]), size: tf.scalar(1) }, "x [3], size []"],
  ["missing", {}, "no tensors"],
])("a batch with tensors %s is refused with their shapes", (_, odd, shapes) => {
  const objective = createObjective({ ...model, loss: () => tf.scalar(0) } as Model, {
    microBatch: 1,
  });
  expect(() => objective.loss(params, odd)).toThrow(
    `[SHAPE_MISMATCH] microBatch splits batches along the first axis of their tensors, which must be the same for all, but a batch has ${shapes}.`,
  );
});

test.each<[object, string]>([
  [{ microBatch: 0 }, "microBatch: expected a whole number of at least 1, got 0."],
  [{ microBatch: 1.5 }, "microBatch: expected a whole number, got 1.5."],
  [{ hvp: "exakt" }, 'hvp: expected "exact" or "finite-difference", got "exakt".'],
  [{ gradientCheckpointing: "no" }, 'gradientCheckpointing: expected true or false, got "no".'],
])("%j is refused", (options, problem) => {
  expect(() => createObjective(model, options)).toThrow(`[BAD_OPTION] ${problem}`);
});

test("a batch with options stays whole", () => {
  const example = {
    sequences: [
      [0, 3],
      [0, 1, 2],
    ].map((ids) => ({ ids, scoredFrom: 1 })),
    gold: 0,
  };
  const batch = optionBatch([example, { ...example, gold: 1 }]);
  const [whole, cut] = [{}, { microBatch: 1 }].map((options) =>
    createObjective(bigramModel, options).loss(bigramParams(), batch),
  );
  expect(number(cut)).toBe(number(whole));
});
