import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import type { TensorRuntime } from "../src/contracts/runtime.js";
import { MetaError } from "../src/errors.js";
import {
  type RuntimeProperty,
  type RuntimeSubject,
  runtimeChecks,
  testRuntime,
} from "../src/testing/index.js";

/** The engine of these tests, which compiles nothing. */
function plain(): TensorRuntime {
  return {
    name: "plain",
    device: "cpu",
    version: tf.version_core,
    compile: (fn) => fn,
    compilations: () => [],
    memory: () => {
      const { numTensors, numBytes } = tf.memory();
      return {
        tensors: numTensors,
        tensorBytes: numBytes,
        processBytes: process.memoryUsage.rss(),
      };
    },
    dispose: () => {},
  };
}

const refuse = () => {
  throw new MetaError("BAD_OPTION", "threads must be at least 1, but is 0.");
};

testRuntime("a sound runtime", { create: async () => plain(), badOptions: { threads: refuse } });

const instead = (change: Partial<TensorRuntime>): RuntimeSubject => ({
  create: async () => ({ ...plain(), ...change }),
});

/** A runtime that makes something else of what a function returns. */
const compiling = (change: (result: unknown) => unknown): RuntimeSubject =>
  instead({
    compile:
      <A extends readonly unknown[], R>(fn: (...args: A) => R) =>
      (...args: A) =>
        change(fn(...args)) as R,
  });

let started = 0;
const kept: tf.Tensor[] = [];

const broken: Record<RuntimeProperty, RuntimeSubject> = {
  identity: instead({ version: "" }),
  derivatives: {
    // An engine whose tanh is not what its gradient belongs to.
    create: async () => {
      const right = tf.getKernel("Tanh", "cpu");
      const wrong = { ...right, kernelFunc: tf.getKernel("Sin", "cpu").kernelFunc };
      tf.unregisterKernel("Tanh", "cpu");
      tf.registerKernel(wrong);
      const dispose = () => {
        tf.unregisterKernel("Tanh", "cpu");
        tf.registerKernel(right);
      };
      return { ...plain(), dispose };
    },
  },
  // What was compiled first answers for all that come later.
  compiled: instead({
    compile: <A extends readonly unknown[], R>(fn: (...args: A) => R) => {
      let first: R | undefined;
      return (...args: A) => {
        first ??= fn(...args);
        return first;
      };
    },
  }),
  structure: compiling((result) => Object.values(result as object)),
  recorded: compiling((result) =>
    result instanceof tf.Tensor ? tf.tensor(result.dataSync(), result.shape) : result,
  ),
  memory: instead({ memory: () => ({ tensors: 0, tensorBytes: 0, processBytes: 0 }) }),
  inputs: instead({
    compile:
      (fn) =>
      (...args) => {
        const result = fn(...args);
        tf.dispose(args[1] as tf.TensorContainer);
        return result;
      },
  }),
  leaks: compiling((result) => {
    kept.push(tf.keep(tf.zeros([1])));
    return result;
  }),
  restart: {
    create: async () => {
      if (started++ > 0) throw new Error("it was started already");
      return plain();
    },
  },
  options: { create: async () => plain(), badOptions: { threads: plain } },
};

test.each(Object.entries(broken))("the check of %s fails", async (property, subject) => {
  started = 0;
  const check = runtimeChecks(subject).find((one) => one.property === property);
  await expect(check?.run()).rejects.toThrow();
});
