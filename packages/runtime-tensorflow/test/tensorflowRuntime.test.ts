import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { auto } from "../src/auto.js";
import type { NativeBinding } from "../src/binding/binding.js";
import { addonFor } from "../src/locate/addon.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { runCommand } from "../src/runCommand.js";
import { driverState } from "../src/tensorflow/driver.js";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { languageModelOperations } from "./support/languageModelOperations.js";
import { noNativeEngine } from "./support/nativeEngine.js";
import { valuesOf, wave } from "./support/values.js";

describe.skipIf(noNativeEngine)(`The TensorFlow runtime ${noNativeEngine ?? ""}`, () => {
  let engine = "";
  let preload = "";
  let library = "";
  let binding: NativeBinding;

  beforeAll(async () => {
    const found = await findLibTensorFlow();
    if (!found) throw new Error("it was there a moment ago");
    ({ engine, preload } = addonFor(found));
    library = join(found.directory, found.libraries[0] ?? "");
    (await tensorflow()).dispose(); // quiet, before the addon is loaded directly
    binding = createRequire(import.meta.url)(engine) as NativeBinding;
  });

  afterEach(() => {
    expect(tf.getBackend(), "a runtime was left open").not.toBe("tensorflow");
  });

  test("tells what computes", async () => {
    const runtime = await tensorflow({ device: "cpu" });
    expect(runtime).toMatchObject({ name: "tensorflow", device: "cpu" });
    expect(runtime.version).toMatch(/^2\.\d+\.\d+/);
    expect(tf.getBackend()).toBe("tensorflow");
    runtime.dispose();
  });

  test("knows the bytes of its tensors as soon as they exist", async () => {
    const runtime = await tensorflow();
    const before = runtime.memory();
    const numbers = tf.zeros([1_000]); // float32: 4 bytes each
    const flags = tf.zeros([1_000], "bool"); // 1 byte each
    expect(runtime.memory().tensorBytes - before.tensorBytes).toBe(5_000);
    expect(runtime.memory().tensors - before.tensors).toBe(2);
    tf.dispose([numbers, flags]);
    expect(runtime.memory()).toMatchObject({
      tensors: before.tensors,
      tensorBytes: before.tensorBytes,
    });
    expect(before.processBytes).toBeGreaterThan(100e6); // TensorFlow itself
    runtime.dispose();
  });

  test("no operation leaves a tensor behind", async () => {
    const runtime = await tensorflow();
    for (const [name, compute] of Object.entries(languageModelOperations)) {
      const before = binding.getNumOfTensors();
      valuesOf(compute);
      expect(binding.getNumOfTensors() - before, name).toBe(0);
    }
    runtime.dispose();
  });

  test("texts are freed with their tensor", async () => {
    const runtime = await tensorflow();
    const text = new Uint8Array(20e6);
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 50; i++) {
      binding.deleteTensor(binding.createTensor([1], binding.TF_STRING, [text])); // 1 GB in all
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(300e6);
    runtime.dispose();
  });

  test("an operation that fails says which, why, and leaves nothing behind", async () => {
    const runtime = await tensorflow();
    const [a, b] = [wave([2, 3]), wave([2, 3])] as [tf.Tensor, tf.Tensor];
    const before = binding.getNumOfTensors();
    const multiply = (names: string[]) =>
      (tf.backend() as unknown as { executeSingleOutput(...call: unknown[]): unknown })
        // tf.matMul would refuse the shapes before TensorFlow sees them.
        .executeSingleOutput(names[0] ?? "", [], [a, b]);
    expect(() => multiply(["MatMul"])).toThrow(
      /^MatMul: .*In\[0\]: \[2,3\], In\[1\]: \[2,3\].*\(INVALID_ARGUMENT\)$/,
    );
    expect(() => multiply(["NoSuchOp"])).toThrow(/^NoSuchOp: .*\(NOT_FOUND\)$/);
    expect(binding.getNumOfTensors()).toBe(before);
    tf.dispose([a, b]);
    runtime.dispose();
  });

  test("values that do not fit their shape or type are refused", async () => {
    const runtime = await tensorflow();
    expect(() => binding.createTensor([3], binding.TF_FLOAT, Float32Array.of(1, 2))).toThrow(
      "A float32 tensor of 3 elements needs a Float32Array of 12 bytes, but was given a Float32Array of 8.",
    );
    expect(() => binding.createTensor([1], binding.TF_INT32, Float32Array.of(1.5))).toThrow(
      "A int32 tensor of 1 elements needs a Int32Array of 4 bytes, but was given a Float32Array of 4.",
    );
    const type = { name: "T", type: binding.TF_ATTR_TYPE, value: "float32" };
    expect(() => binding.executeOp("Neg", [type], [], 1)).toThrow(
      'Neg: attribute "T" must be an integer, but is a string.',
    );
    runtime.dispose();
  });

  test("after dispose its tensors are gone and TensorFlow.js computes without it", async () => {
    const runtime = await tensorflow();
    const tensor = tf.tensor1d([1, 2]);
    runtime.dispose();
    runtime.dispose(); // harmless
    expect(() => tensor.dataSync()).toThrow(/is not alive: it was disposed, or its engine was/);
    tensor.dispose(); // harmless
    expect(tf.getBackend()).toBe("cpu");
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
  });

  test("can be started again", async () => {
    for (let i = 0; i < 3; i++) {
      const runtime = await tensorflow();
      expect(tf.sum(tf.ones([10])).dataSync()[0]).toBe(10);
      runtime.dispose();
      expect(binding.getNumOfTensors()).toBe(0);
    }
  });

  test("survives a reset of TensorFlow.js", async () => {
    const runtime = await tensorflow();
    tf.engine().reset();
    await tf.setBackend("tensorflow");
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
    runtime.dispose();
  });

  test("two with the same options share one engine until both are disposed", async () => {
    const [one, two] = await Promise.all([tensorflow(), tensorflow()]);
    one.dispose();
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
    expect(tf.getBackend()).toBe("tensorflow");
    two.dispose();
    expect(tf.getBackend()).toBe("cpu");
  });

  test("refuses other options while it is in use", async () => {
    const runtime = await tensorflow();
    await expect(tensorflow({ device: "cpu" })).rejects.toThrow(
      /\[BAD_OPTION\] The tensorflow engine of this process runs with {"tf32":false} and cannot also run with {"device":"cpu","tf32":false}/,
    );
    runtime.dispose();
  });

  test("refuses another number of threads in a process, which TensorFlow would not heed", async () => {
    await expect(tensorflow({ threads: 1 })).rejects.toThrow(
      /\[BAD_OPTION\] .*first started with its own choice of threads.*cannot be started with 1/,
    );
  });

  test("refuses to stand beside another backend of its name", async () => {
    tf.registerBackend("tensorflow", () => {
      throw new Error("never started");
    });
    await expect(tensorflow()).rejects.toThrow(/another backend called "tensorflow" already/);
    tf.removeBackend("tensorflow");
    const runtime = await tensorflow(); // the failure left nothing open
    runtime.dispose();
  });

  test("says what CUDA lacks where there is no GPU", async ({ skip }) => {
    const driver = driverState(binding);
    if ("devices" in driver) return skip("there is an NVIDIA driver");
    const failure = await tensorflow({ device: "cuda:0" }).catch((error) => error);
    expect(failure).toBeInstanceOf(MetaError);
    expect(failure.code).toBe("ENGINE_UNAVAILABLE");
    expect(failure.message).toMatch(
      /cuda:0 was asked for.*(no NVIDIA driver|CUDA is supported on)/,
    );
    (await tensorflow({ device: "cpu" })).dispose(); // the failure left nothing open
  });

  test("auto uses it and says nothing", async () => {
    const said: string[] = [];
    const runtime = await auto((message) => said.push(message));
    expect(runtime.name).toBe("tensorflow");
    expect(said).toEqual([]);
    runtime.dispose();
  });

  test("SavedModels are refused by name", () => {
    const { loadSavedModel } = binding as unknown as { loadSavedModel(path: string): void };
    expect(() => loadSavedModel("model")).toThrow(/does not run SavedModels/);
  });

  test("a process and its workers end well with an engine and tensors open", async () => {
    const useEngine = `
      const binding = require(${JSON.stringify(engine)});
      binding.openEngine(new Uint8Array());
      binding.createTensor([2], binding.TF_FLOAT, Float32Array.of(1, 2));`;
    const startWorkers = `
      const { Worker } = require("node:worker_threads");
      let running = 2;
      for (let i = running; i > 0; i--) {
        new Worker(${JSON.stringify(useEngine)}, { eval: true }).on("exit", (code) => {
          running--;
          if (code !== 0 || running === 0) process.exit(code);
        });
      }`;
    const script = useEngine + startWorkers;
    const { exitCode, stderr } = await runCommand(process.execPath, ["-e", script]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
  });

  test("keeps what TensorFlow says while it is loaded off the terminal", async () => {
    const script = `process.stdout.write(require(${JSON.stringify(preload)}).preload(${JSON.stringify(library)}))`;
    const { stdout, stderr } = await runCommand(process.execPath, ["-e", script]);
    expect(stderr).toBe("");
    expect(typeof stdout).toBe("string"); // what it says differs from build to build
    expect(existsSync(library)).toBe(true);
  });
});
