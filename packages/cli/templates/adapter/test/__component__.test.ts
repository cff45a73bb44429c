import type { Model, Params } from "@metalearn/core";
import { testModel, toyModel, toySampler } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

const toy = toyModel() as Model;
const shape = { tasks: 1, support: 1, query: 1, querySource: "same-task", unit: "task" } as const;
const [episode] = toySampler(1).next(shape);

testModel("__component__", {
  create: () => __factory__(toy, { targets: ["*.weight"] }),
  batch: () => episode?.query ?? {},
  badOptions: { targets: () => __factory__(toy, { targets: [] }) },
});

test("begins as the model, and scales the last axis of its targets", async () => {
  const model: Model = {
    name: "one matrix",
    init: async () => ({ W: tf.tensor2d([1, 2, 3, 4], [2, 2]) }),
    loss: ({ W }: Params) =>
      tf.sum(
        tf.mul(W as tf.Tensor, [
          [1, 10],
          [100, 1000],
        ]),
      ) as tf.Scalar,
  };
  const adapted = __factory__(model, { targets: ["W"] });
  const params = await adapted.init(1);
  expect(adapted.loss(params, {}).dataSync()[0]).toBe(1 + 20 + 300 + 4000);
  // Columns times 2 and 3: [[2, 6], [6, 12]].
  const scaled = { ...params, "W.scale": tf.tensor1d([2, 3]) };
  expect(adapted.loss(scaled, {}).dataSync()[0]).toBe(2 + 60 + 600 + 12_000);
  await expect(__factory__(model, { targets: ["V"] }).init(1)).rejects.toThrow("BAD_OPTION");
});
