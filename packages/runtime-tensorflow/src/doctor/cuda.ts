import type { Finding } from "@metalearn/core";
import type { LibTensorFlow } from "../locate/layout.js";
import { missingForCuda } from "../tensorflow/device.js";
import type { WorkingEngine } from "../tensorflow/probe.js";
import { gibibytes } from "./gibibytes.js";

type Engine = Pick<WorkingEngine, "devices" | "productDevice" | "driver" | "libraryProblems">;

/** Findings about NVIDIA's driver, the CUDA libraries, and TensorFlow's use of them. */
export function cudaFindings(engine: Engine, library: LibTensorFlow): Finding[] {
  return [
    ...driverFindings(engine),
    ...libraryFindings(engine),
    ...deviceFindings(engine, library),
  ];
}

function driverFindings({ driver }: Engine): Finding[] {
  if ("problem" in driver) return [];
  const message = `up to CUDA ${driver.version}, ${driver.devices.length} GPUs`;
  return [{ topic: "NVIDIA driver", status: "ok", message }];
}

/** Findings about CUDA libraries; irrelevant without a GPU, where the CUDA build computes on the CPU. */
function libraryFindings({ driver, libraryProblems }: Engine): Finding[] {
  if ("problem" in driver) return [];
  return Object.entries(libraryProblems).map(([path, problem]) => ({
    topic: "CUDA library",
    status: "missing",
    message: `${path} does not open: ${problem}`,
    fix: "metalearn setup --cuda --force",
  }));
}

function deviceFindings(engine: Engine, library: LibTensorFlow): Finding[] {
  const topic = "Device";
  const { driver, devices, productDevice } = engine;
  const gpus = devices.filter(({ type }) => type === "GPU");
  if (gpus.length === 0) {
    const { reason, fix } = missingForCuda({ library, driver });
    const isIdle = "devices" in driver && driver.devices.length > 0;
    const message = `cpu, not cuda: ${reason}`;
    return [{ topic, status: isIdle ? "warning" : "info", message, ...(fix ? { fix } : {}) }];
  }
  const known = "devices" in driver ? driver.devices : [];
  return [
    ...known.map(({ name, computeCapability, memoryBytes }, i): Finding => {
      const message = `cuda:${i} is ${name}, compute capability ${computeCapability}, ${gibibytes(memoryBytes)}`;
      return { topic, status: "ok", message };
    }),
    placeFinding(productDevice, gpus[0]?.memoryBytes ?? 0),
  ];
}

/** Finding about a product of two tensors: it stayed on the GPU, or did not. */
function placeFinding(productDevice: string, memoryBytes: number): Finding {
  const topic = "Tensors";
  if (/device:GPU:\d+$/.test(productDevice)) {
    const message = `live on the GPU (${productDevice}), up to ${gibibytes(memoryBytes)}`;
    return { topic, status: "ok", message };
  }
  const message = `live on ${productDevice}, though TensorFlow has a GPU`;
  return { topic, status: "warning", message };
}
