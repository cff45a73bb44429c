import { createToolkit } from "@metalearn/core/runs";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import plugin from "../src/index.js";

const toolkit = createToolkit([plugin]);

test("importing the plugin starts and registers nothing", () => {
  expect(tf.findBackendFactory("tensorflow")).toBeNull();
  expect(tf.findBackendFactory("wasm")).toBeNull();
});

test("a config can name four runtimes", () => {
  expect(toolkit.names("runtime")).toEqual(["auto", "cpu", "tensorflow", "wasm"]);
});

test("options are checked before anything starts", () => {
  const check = (options: object) => () =>
    toolkit.check("runtime", { use: "tensorflow", ...options });
  expect(check({ device: "cuda:0", threads: 4 })).not.toThrow();
  expect(check({ device: "gpu" })).toThrow(/cuda:0/);
  expect(check({ threads: 0 })).toThrow(/threads/);
  expect(check({ devise: "cpu" })).toThrow(/device/); // the nearest known name
  expect(() => toolkit.check("runtime", { use: "cpu", device: "cpu" })).toThrow(/device/);
});

test("a run gets the runtime that its config names", async () => {
  const scope = toolkit.open({ seed: 1, references: { runtime: { use: "cpu" } } });
  expect((await scope.get("runtime")).name).toBe("cpu");
  await scope.dispose();
});
