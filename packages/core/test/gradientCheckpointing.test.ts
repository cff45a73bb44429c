import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Batch } from "../src/batch/batch.js";
import type { Model, Segment } from "../src/contracts/model.js";
import type { Objective } from "../src/contracts/objective.js";
import type { TensorRuntime } from "../src/contracts/runtime.js";
import { createObjective } from "../src/objective/createObjective.js";
import { freeze } from "../src/objective/freeze.js";
import type { Params } from "../src/params.js";

type Input = Readonly<Record<"x", tf.Scalar>>;

const times: Segment<Input>["apply"] = ({ w }, { x }) => ({
  x: tf.mul(x as tf.Tensor, w as tf.Tensor),
});
const layer = vi.fn(times);

/** (a b a x)², of which the first and the last layer read the same parameter; nobody reads `idle`. */
const model: Model<Input> = {
  name: "three layers",
  init: async () => ({}),
  loss: ({ a, b }, { x }) =>
    tf.tidy(() =>
      tf.square(tf.mul(tf.mul(a as tf.Tensor, b as tf.Tensor), tf.mul(a as tf.Tensor, x))),
    ),
  segments: [
    { params: {}, apply: (_, __, { x }) => ({ x: tf.clone(x) }) },
    { params: { w: "a" }, apply: layer },
    { params: { w: "b" }, apply: layer },
    {
      params: { w: "a" },
      apply: (params, state, batch) => ({
        loss: tf.square(times(params, state, batch).x as tf.Tensor),
      }),
    },
  ],
};
const params = () => ({ a: tf.scalar(2), b: tf.scalar(3), idle: tf.scalar(1) });
const batch = () => ({ x: tf.scalar(1) });

const numbers = (tensors: Params) =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, t.dataSync()[0]]));

beforeEach(() => {
  layer.mockClear();
});

describe.each([
  ["as it is", undefined],
  ["compiled", { compile: (fn) => fn } satisfies Pick<TensorRuntime, "compile">],
])("Gradient checkpointing, %s", (_, runtime) => {
  const objective = (of: Pick<Model<Input>, "loss" | "segments"> = model): Objective<Input> =>
    createObjective(of, { gradientCheckpointing: true, ...(runtime && { runtime }) });

  test("has the derivatives of a⁴b² in closed form", () => {
    const { loss, gradients } = objective().gradient(params(), batch());
    expect(numbers({ loss })).toEqual({ loss: 144 });
    expect(numbers(gradients)).toEqual({ a: 288, b: 96, idle: 0 }); // 4a³b², 2a⁴b
    // The Hessian is [[432, 192], [192, 32]].
    const along = (vector: Params) => numbers(objective().hvp(params(), batch(), vector));
    expect(along({ a: tf.scalar(1), b: tf.scalar(0.5) })).toEqual({ a: 528, b: 208, idle: 0 });
    expect(along({ b: tf.scalar(1) })).toEqual({ a: 192, b: 32, idle: 0 });
    expect(along({ idle: tf.scalar(1) })).toEqual({ a: 0, b: 0, idle: 0 });
  });

  test("reads backwards no further than the names that are asked for", () => {
    const { gradients } = objective().gradient(params(), batch(), ["b"]);
    expect(numbers(gradients)).toEqual({ b: 96 });
    // Two layers forward, and the second again for its gradient.
    expect(layer).toHaveBeenCalledTimes(3);
  });

  test("holds frozen parameters fixed", () => {
    const { model: part, trained } = freeze(model, params(), ["b"]);
    const { gradient, hvp } = objective(part);
    expect(numbers(gradient(trained, batch()).gradients)).toEqual({ b: 96 });
    expect(numbers(hvp(trained, batch(), { b: tf.scalar(1) }))).toEqual({ b: 32 });
  });

  test("leaves nothing behind but its results", () => {
    const [p, b] = [params(), batch()];
    const before = tf.memory().numTensors;
    const { loss, gradients } = objective().gradient(p, b);
    const product = objective().hvp(p, b, p);
    expect(tf.memory().numTensors - before).toBe(7);
    tf.dispose([loss, ...Object.values(gradients), ...Object.values(product)]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test("takes Hessian-vector products by finite differences when told so", () => {
  const objective = createObjective(model, {
    gradientCheckpointing: true,
    hvp: "finite-difference",
  });
  const product = objective.hvp(params(), batch(), { a: tf.scalar(1), b: tf.scalar(0.5) });
  expect(Number(product.a?.dataSync()[0]) / 528).toBeCloseTo(1, 3);
  expect(Number(product.b?.dataSync()[0]) / 208).toBeCloseTo(1, 3);
});

test("compiles layers that compute alike once", () => {
  const compiled: (string | undefined)[] = [];
  const runtime: Pick<TensorRuntime, "compile"> = {
    compile(fn, options) {
      compiled.push(options?.name);
      return fn;
    },
  };
  createObjective(model, { gradientCheckpointing: true, runtime });
  // Of four segments, two share their function.
  expect(compiled.filter((name) => name === "segment product")).toHaveLength(3);
});

test.each<[string, readonly Segment<Batch>[] | undefined]>([
  ["no segments", undefined],
  ["an empty list of segments", []],
])("refuses a model with %s", (_, segments) => {
  const { loss } = model as Model;
  expect(() =>
    createObjective({ loss, ...(segments && { segments }) }, { gradientCheckpointing: true }),
  ).toThrow(/^\[BAD_OPTION\] gradientCheckpointing needs a model that consists of segments/);
});
