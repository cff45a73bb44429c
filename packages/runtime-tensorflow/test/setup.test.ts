import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cachedRoot, stateOf } from "../src/locate/cachedLibTensorFlow.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { currentTarget, findTarget } from "../src/locate/target.js";
import { cudaRequirements, isCudaFile } from "../src/setup/cudaWheels.js";
import { withWorkDirectory } from "../src/setup/workDirectory.js";
import { noNativeEngine } from "./support/nativeEngine.js";
import { provide, runSetup, workFolders } from "./support/provide.js";
import { fakePython, fakeTensorFlowWheel, sandbox } from "./support/sandbox.js";
import { startSetup } from "./support/setupProcess.js";

const noTarget = findTarget() ? undefined : "(TensorFlow is not published for this machine)";
const nativeDirectory = noNativeEngine ? "" : ((await findLibTensorFlow())?.directory ?? "");

describe.skipIf(noTarget)(`setup ${noTarget ?? ""}`, () => {
  test("takes the C API out of the wheel and leaves the rest and the wheel behind", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await provide();
    const root = cachedRoot("cpu");
    const { librarySuffix } = currentTarget();
    expect(readFileSync(join(root, `tensorflow/libtensorflow_cc${librarySuffix}`), "utf8")).toBe(
      "the C API",
    );
    expect(existsSync(join(root, "tensorflow/include/tensorflow/c/c_api.h"))).toBe(true);
    expect(existsSync(join(root, "tensorflow/python"))).toBe(false);
    expect(existsSync(join(root, "tensorflow/include/Eigen"))).toBe(false);
    expect(workFolders(box)).toEqual([]);
  });

  test("asks pip for a fixed wheel, whatever Python is there", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await provide();
    const asked = readFileSync(join(box.folder, "bin/python3.log"), "utf8");
    const { wheels } = currentTarget();
    for (const part of [
      "--no-deps",
      "--only-binary=:all:",
      "--python-version 3.11",
      `--platform ${wheels.cpu?.platform}`,
      `${wheels.cpu?.package}==2.21.0`,
    ]) {
      expect(asked).toContain(part);
    }
  });

  test("does nothing the second time", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    expect((await provide()).isNew).toBe(true);
    box.program("python3", "exit 1"); // it must not be needed
    expect(await provide()).toEqual({ isNew: false, said: [] });
  });

  test("replaces what is there when forced to", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await provide();
    const { librarySuffix } = currentTarget();
    fakeTensorFlowWheel(box, { [`tensorflow/libtensorflow_cc${librarySuffix}`]: "a newer C API" });
    expect((await provide({ force: true })).isNew).toBe(true);
    const library = join(cachedRoot("cpu"), `tensorflow/libtensorflow_cc${librarySuffix}`);
    expect(readFileSync(library, "utf8")).toBe("a newer C API");
  });

  test("mends a library that was cut short", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await provide();
    const { librarySuffix } = currentTarget();
    writeFileSync(join(cachedRoot("cpu"), `tensorflow/libtensorflow_cc${librarySuffix}`), "the");
    await expect(findLibTensorFlow()).rejects.toThrow(
      /has 3 bytes instead of 9. Run `metalearn setup`/,
    );
    expect((await provide()).isNew).toBe(true);
    expect(stateOf(cachedRoot("cpu"))).toBe("whole");
  });

  test("two at once both end well and leave one engine", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await Promise.all([provide(), provide(), provide()]);
    expect(stateOf(cachedRoot("cpu"))).toBe("whole");
    expect(readdirSync(join(box.cache, "engines"))).toHaveLength(1);
    expect(workFolders(box)).toEqual([]);
  });

  test.each([
    ["while pip downloads", 'echo half > "$dest/half.whl"; exec /bin/sleep 60', "Downloading"],
    ["while it unpacks", undefined, "Unpacking"],
  ])(
    "killed %s, it leaves nothing that counts and resumes when run again",
    async (_, pip, moment) => {
      const box = sandbox();
      // Large enough that the kill comes in the middle.
      const wheel = fakeTensorFlowWheel(box, {
        "tensorflow/include/tensorflow/c/x.h": "x".repeat(2e7),
      });
      fakePython(box, pip ?? `/bin/cp ${wheel} "$dest"`);
      const first = startSetup();
      await first.says(moment);
      await first.kill();
      expect(["absent", "whole"]).toContain(stateOf(cachedRoot("cpu"))); // never in between

      fakePython(box, `/bin/cp ${wheel} "$dest"`);
      await provide();
      expect(stateOf(cachedRoot("cpu"))).toBe("whole");
      expect(workFolders(box)).toEqual([]);
    },
  );

  test("leaves the work of a setup that is still running alone", async () => {
    const box = sandbox();
    const wheel = fakeTensorFlowWheel(box);
    fakePython(box, `/bin/cp ${wheel} "$dest"`);
    await withWorkDirectory(async (other) => {
      await provide();
      expect(existsSync(other)).toBe(true);
    });
  });
});

describe.skipIf(noNativeEngine)(`setup with the real TensorFlow ${noNativeEngine ?? ""}`, () => {
  test("compiles an addon that computes, once", async () => {
    const path = process.env.PATH;
    sandbox();
    process.env.PATH = path;
    process.env.LIBTENSORFLOW_DIR = nativeDirectory;
    expect((await runSetup()).at(-1)).toMatch(/^TensorFlow in .* is ready, on CPU/);

    const started = performance.now();
    expect((await runSetup()).at(-1)).toMatch(/is set up already/);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

test("the CUDA libraries are those that TensorFlow's metadata names", () => {
  const metadata = [
    "Requires-Dist: numpy>=1.26.0",
    "Provides-Extra: and-cuda",
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    'Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',
    'Requires-Dist: nvidia-something; extra == "other"',
  ].join("\n");
  expect(cudaRequirements(metadata)).toEqual([
    "nvidia-cublas-cu12<13.0,>=12.5.3.2",
    "nvidia-cudnn-cu12<10.0,>=9.3.0.75",
  ]);
  expect(() => cudaRequirements("Name: tensorflow")).toThrow(/names none/);
});

test("of NVIDIA's wheels, libraries and compilers are needed and headers are not", () => {
  expect(isCudaFile("nvidia/cublas/lib/libcublas.so.12")).toBe(true);
  expect(isCudaFile("nvidia/cuda_nvcc/bin/ptxas")).toBe(true);
  expect(isCudaFile("nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc")).toBe(true);
  expect(isCudaFile("nvidia/cublas/include/cublas.h")).toBe(false);
  expect(isCudaFile("nvidia/cublas/lib/__init__.py")).toBe(false);
});
