import { describe, expect, test } from "vitest";
import type { NativeDevice } from "../src/binding/binding.js";
import { cudaFindings } from "../src/doctor/cuda.js";
import type { LibTensorFlow } from "../src/locate/layout.js";
import { findTarget } from "../src/locate/target.js";
import { deviceInUse, requireDevice } from "../src/tensorflow/device.js";

const h200 = { name: "NVIDIA H200", computeCapability: "9.0", memoryBytes: 141 * 2 ** 30 };
const driver = { version: "13.0", devices: [h200, h200] };
const noDriver = { problem: "libcuda.so.1: cannot open shared object file" };
const cpu: NativeDevice = { name: "/device:CPU:0", type: "CPU", memoryBytes: 2 ** 28 };
const gpu: NativeDevice = { name: "/device:GPU:0", type: "GPU", memoryBytes: 130 * 2 ** 30 };
const library: LibTensorFlow = {
  source: "cache",
  directory: "/cache/engines/cuda/tensorflow",
  includeDirectory: "/cache/engines/cuda/tensorflow/include",
  libraries: [],
  version: "2.21.0",
  variant: "cuda",
};
const noCuda = findTarget()?.wheels.cuda ? undefined : "(CUDA is not published for this machine)";

describe("the device", () => {
  test("is the first GPU by default where there is one, and the CPU otherwise", () => {
    expect(deviceInUse(undefined, [cpu, gpu], { library, driver })).toBe("cuda:0");
    expect(deviceInUse(undefined, [cpu], { library, driver: noDriver })).toBe("cpu");
    expect(deviceInUse("cuda:1", [cpu, gpu], { library, driver })).toBe("cuda:1");
    expect(deviceInUse("cpu", [cpu], { library, driver })).toBe("cpu");
  });

  test("that is not there is refused with those that are and what to do", () => {
    expect(() => requireDevice("cuda:2", driver)).toThrow(
      "[ENGINE_UNAVAILABLE] The device cuda:2 was asked for, but there is cpu, cuda:0 (NVIDIA H200), cuda:1 (NVIDIA H200). " +
        "Choose one of these, or look at CUDA_VISIBLE_DEVICES, which hides GPUs.",
    );
    for (const there of ["cpu", "cuda:0", "cuda:1", undefined] as const) {
      expect(() => requireDevice(there, driver)).not.toThrow();
    }
  });

  test.skipIf(noCuda).each([
    ["without a driver", { library, driver: noDriver }, /only cpu: no NVIDIA driver \(libcuda/],
    ["with hidden GPUs", { library, driver: { ...driver, devices: [] } }, /CUDA_VISIBLE_DEVICES/],
    [
      "with the CPU's TensorFlow",
      { library: { ...library, variant: "cpu" as const }, driver },
      /cannot use CUDA\. Run `metalearn setup --cuda`/,
    ],
    ["with libraries missing", { library, driver }, /`metalearn doctor` which CUDA library/],
  ])("%s is refused with what is missing", (_, grounds, message) => {
    expect(() => deviceInUse("cuda:0", [cpu], grounds)).toThrow(message);
  });
});

describe.skipIf(noCuda)(`doctor ${noCuda ?? ""}`, () => {
  const engine = { driver, devices: [cpu, gpu], libraryProblems: {} };

  test("describes the GPUs and where tensors live", () => {
    const findings = cudaFindings({ ...engine, productDevice: "/task:0/device:GPU:0" }, library);
    expect(findings).toEqual([
      { topic: "NVIDIA driver", status: "ok", message: "up to CUDA 13.0, 2 GPUs" },
      ...[0, 1].map((i) => ({
        topic: "Device",
        status: "ok",
        message: `cuda:${i} is NVIDIA H200, compute capability 9.0, 141.0 GiB`,
      })),
      {
        topic: "Tensors",
        status: "ok",
        message: "live on the GPU (/task:0/device:GPU:0), up to 130.0 GiB",
      },
    ]);
  });

  test("warns of tensors that are not on the GPU", () => {
    const findings = cudaFindings({ ...engine, productDevice: "/task:0/device:CPU:0" }, library);
    expect(findings.at(-1)).toMatchObject({ topic: "Tensors", status: "warning" });
  });

  test("names the CUDA library that is missing where a GPU lies idle", () => {
    const path = "/cache/engines/cuda/nvidia/cudnn/lib/libcudnn.so.9";
    const broken = { driver, devices: [cpu], libraryProblems: { [path]: "no such file" } };
    expect(cudaFindings({ ...broken, productDevice: "/device:CPU:0" }, library)).toMatchObject([
      { topic: "NVIDIA driver", status: "ok" },
      {
        topic: "CUDA library",
        status: "missing",
        message: `${path} does not open: no such file`,
        fix: "metalearn setup --cuda --force",
      },
      { topic: "Device", status: "warning" },
    ]);
  });

  test("is content without a GPU, whatever libraries there are", () => {
    const bare = { driver: noDriver, devices: [cpu], libraryProblems: { "libcudnn.so.9": "none" } };
    expect(cudaFindings({ ...bare, productDevice: "/device:CPU:0" }, library)).toMatchObject([
      {
        topic: "Device",
        status: "info",
        message: expect.stringMatching(/^cpu, not cuda: no NVIDIA/),
      },
    ]);
  });
});
