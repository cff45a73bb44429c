import { describe, expect, test } from "vitest";
import type { TensorRuntime } from "../src/contracts/runtime.js";
import { choosePaddedLengths } from "../src/train/paddedLengths.js";

const eager: Pick<TensorRuntime, "compile"> = { compile: (fn) => fn };
const compiling: Pick<TensorRuntime, "compile"> = {
  compile:
    (fn) =>
    (...args) =>
      fn(...args),
};
const lengths = { byTask: [Array<number>(9).fill(10), Array<number>(9).fill(40)], longest: 40 };
const tasks = { trainingLengths: () => lengths };
const options = { tasks, runtime: compiling, batchSize: 8, unit: "task" } as const;

describe("training batches", () => {
  test("are padded to few lengths where the runtime compiles", () => {
    expect(choosePaddedLengths(options)).toEqual({ sizes: [10, 40], waste: 0 });
    // From both tasks, eight sequences are hardly ever all short.
    expect(choosePaddedLengths({ ...options, unit: "mixture" })?.sizes).toEqual([40]);
  });

  test("are not padded, nor their lengths asked for, where it does not", () => {
    const silent = {
      trainingLengths: () => {
        throw new Error("nobody should ask");
      },
    };
    expect(choosePaddedLengths({ ...options, tasks: silent, runtime: eager })).toBeUndefined();
  });

  test("are not padded where the data set does not tell its lengths", () => {
    expect(choosePaddedLengths({ ...options, tasks: {} })).toBeUndefined();
  });

  test("have a length for sequences longer than the sample's", () => {
    const surprising = { trainingLengths: () => ({ ...lengths, longest: 64 }) };
    expect(choosePaddedLengths({ ...options, tasks: surprising })?.sizes).toEqual([10, 40, 64]);
  });
});
