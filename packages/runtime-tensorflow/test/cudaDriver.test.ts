import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { addonFor } from "../src/locate/addon.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { runCommand } from "../src/runCommand.js";
import { noNativeEngine } from "./support/nativeEngine.js";
import { sandbox } from "./support/sandbox.js";

/** The part of NVIDIA's driver that is asked, with two GPUs; cuda.h has these functions and numbers. */
const driverSource = `
#include <stddef.h>
#include <stdint.h>
#include <string.h>
int cuInit(unsigned flags) { return INIT; }
int cuGetErrorString(int error, const char** text) {
  *text = error == 100 ? "no CUDA-capable device is detected" : "out of luck";
  return 0;
}
int cuDriverGetVersion(int* version) { *version = 12040; return 0; }
int cuDeviceGetCount(int* count) { *count = 2; return 0; }
int cuDeviceGet(int* device, int ordinal) { *device = 10 + ordinal; return ordinal < 2 ? 0 : 101; }
int cuDeviceGetName(char* name, int length, int device) {
  strncpy(name, device == 10 ? "First" : "Second", length);
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) { *bytes = (size_t)device << 30; return 0; }
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  if (attribute == 75) *value = 9;
  if (attribute == 76) *value = device - 10;
  return 0;
}
static int retained = 0, pushed = 0;
int cuDevicePrimaryCtxRetain(void** context, int device) { retained++; *context = &retained; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { retained--; return 0; }
int cuCtxPushCurrent_v2(void* context) { pushed++; return context == &retained ? 0 : 1; }
int cuCtxPopCurrent_v2(void** context) { pushed--; return 0; }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
  *free = 3000;
  *total = 10000;
  return retained == 1 && pushed == 1 ? 0 : 201; /* 201: no context is current */
}
#ifndef WITHOUT_POOLS
int cuDeviceGetDefaultMemPool(void** pool, int device) { *pool = &pushed; return 0; }
#endif
int cuMemPoolGetAttribute(void* pool, int attribute, void* value) {
  *(uint64_t*)value = attribute == 7 ? 500 : attribute == 8 ? 5000000000 : 0;
  return pool == &pushed ? 0 : 1;
}
`;

describe.skipIf(noNativeEngine || process.platform !== "linux")(
  `NVIDIA's driver ${noNativeEngine ?? "(on Linux)"}`,
  () => {
    const path = process.env.PATH;
    let engine = "";

    beforeAll(async () => {
      const library = await findLibTensorFlow();
      if (!library) throw new Error("it was there a moment ago");
      engine = addonFor(library).engine;
    });

    /** Asks the addon a question, with a stub in place of NVIDIA's driver. */
    async function ask(question: string, flags: readonly string[] = ["-DINIT=0"]) {
      const { folder } = sandbox();
      const source = join(folder, "driver.c");
      writeFileSync(source, driverSource);
      const call = ["-shared", "-fPIC", ...flags, source, "-o", join(folder, "libcuda.so.1")];
      execFileSync("cc", call, { env: { ...process.env, PATH: path } });
      process.env.LD_LIBRARY_PATH = folder;
      try {
        return await answerTo(question);
      } finally {
        delete process.env.LD_LIBRARY_PATH;
      }
    }

    async function answerTo(question: string) {
      const script = `
        const binding = require(${JSON.stringify(engine)});
        let answer;
        try { answer = ${question}; } catch (error) { answer = { error: error.message }; }
        console.log(JSON.stringify(answer));`;
      const { stdout, stderr } = await runCommand(process.execPath, ["-e", script]);
      return stdout ? JSON.parse(stdout) : { stderr };
    }

    test("tells the GPUs, their compute capability and memory", async () => {
      expect(await ask("binding.cudaDriver()")).toEqual({
        version: "12.4",
        devices: [
          { name: "First", computeCapability: "9.0", memoryBytes: 10 * 2 ** 30 },
          { name: "Second", computeCapability: "9.1", memoryBytes: 11 * 2 ** 30 },
        ],
      });
    });

    test("tells how a GPU's memory is used, time and again", async () => {
      const memory = {
        ...{ freeBytes: 3000, totalBytes: 10000 },
        ...{ poolBytes: 500, poolPeakBytes: 5e9 },
      };
      const answers = await ask("[binding.cudaMemory(0), binding.cudaMemory(1)]");
      expect(answers).toEqual([memory, memory]);
    });

    test("that fails is quoted, and one that is too old named", async () => {
      expect(await ask("binding.cudaDriver()", ["-DINIT=100"])).toEqual({
        error: "cuInit: no CUDA-capable device is detected (100)",
      });
      expect(await ask("binding.cudaMemory(2)")).toEqual({
        error: "cuDeviceGet: out of luck (101)",
      });
      expect(await ask("binding.cudaMemory(0)", ["-DINIT=0", "-DWITHOUT_POOLS"])).toEqual({
        error: "The driver is too old: it has no cuDeviceGetDefaultMemPool.",
      });
    });

    test("a library that cannot be opened comes with the reason", async () => {
      expect(await answerTo('binding.libraryProblem("/nowhere/libcudnn.so.9")')).toMatch(
        /libcudnn\.so\.9: cannot open shared object file/,
      );
      const own = JSON.stringify(engine);
      expect(await answerTo(`binding.libraryProblem(${own}) ?? "opens"`)).toBe("opens");
    });

    test("a tensor's place is told", async () => {
      const place = await answerTo(
        "(binding.openEngine(new Uint8Array()), binding.tensorDevice(binding.createTensor([1], binding.TF_FLOAT, Float32Array.of(1))))",
      );
      expect(place).toMatch(/\/device:(CPU|GPU):0$/);
    });
  },
);
