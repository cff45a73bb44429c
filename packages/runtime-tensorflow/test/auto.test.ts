import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { beforeEach, expect, test, vi } from "vitest";
import { auto } from "../src/auto.js";
import { wasm } from "../src/javascript/wasm.js";
import { findTarget } from "../src/locate/target.js";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { sandbox } from "./support/sandbox.js";

vi.mock("../src/javascript/wasm.js", async (original) => {
  const actual = await original<typeof import("../src/javascript/wasm.js")>();
  return { ...actual, wasm: vi.fn(actual.wasm) };
});

let said: string[] = [];
const notify = (message: string) => said.push(message);

beforeEach(() => {
  said = [];
  sandbox(); // no TensorFlow anywhere
});

test("without TensorFlow it uses wasm and says so, why, and what helps, in one line", async () => {
  const runtime = await auto(notify);
  expect(runtime.name).toBe("wasm");
  expect(tf.getBackend()).toBe("wasm");
  expect(said).toHaveLength(1);
  expect(said[0]).not.toContain("\n");
  expect(said[0]).toMatch(
    /^Computing with the wasm engine, several times slower than TensorFlow\./,
  );
  if (findTarget())
    expect(said[0]).toMatch(/TensorFlow is not set up: .* Run `metalearn setup`\.$/);
  runtime.dispose();
});

test("a wrong LIBTENSORFLOW_DIR is named in the line", async () => {
  vi.stubEnv("LIBTENSORFLOW_DIR", "/nowhere");
  const runtime = await auto(notify);
  expect(runtime.name).toBe("wasm");
  if (findTarget())
    expect(said[0]).toMatch(/LIBTENSORFLOW_DIR should name .* but \/nowhere holds no/);
  runtime.dispose();
});

test("without WebAssembly either it uses plain JavaScript and gives both reasons", async () => {
  vi.mocked(wasm).mockRejectedValueOnce(
    new MetaError("ENGINE_UNAVAILABLE", "The WebAssembly engine\ndoes not start."),
  );
  const runtime = await auto(notify);
  expect(runtime.name).toBe("cpu");
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^Computing with the cpu engine, hundreds of times slower/);
  expect(said[0]).toMatch(/The WebAssembly engine does not start\.$/);
});

test("a failure that is not about what is installed is not hidden", async () => {
  vi.mocked(wasm).mockRejectedValueOnce(new TypeError("a bug"));
  await expect(auto(notify)).rejects.toThrow("a bug");
});

test("tensorflow asked for by name never falls back", async () => {
  const failure = await tensorflow().catch((error) => error);
  expect(failure).toBeInstanceOf(MetaError);
  expect(failure.code).toBe("ENGINE_UNAVAILABLE");
  if (findTarget()) expect(failure.message).toMatch(/Run `metalearn setup`\.$/);
});
