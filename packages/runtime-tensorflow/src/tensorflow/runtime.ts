import { availableParallelism } from "node:os";
import {
  type DeviceMemory,
  MetaError,
  messageOf,
  parseOptions,
  type TensorRuntime,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { eagerBackendName as backendName, graphBackendName } from "../binding/backendNames.js";
import type { NativeBinding, NativeDevice } from "../binding/binding.js";
import { openCompiler } from "../compile/compiler.js";
import { activateCpuBackend } from "../javascript/cpu.js";
import { SharedEngine } from "../sharedEngine.js";
import { configProto } from "./configProto.js";
import { cudaNumber, type Device, deviceInUse, requireDevice } from "./device.js";
import { driverState } from "./driver.js";
import { loadEngine } from "./load.js";
import { openCudaLibraries } from "./openCudaLibraries.js";
import { supplyRound } from "./supplyRound.js";
import {
  type EngineOptions,
  type TensorFlowOptions,
  tensorflowOptions,
} from "./tensorflowOptions.js";

/** TensorFlow, opened and registered with TensorFlow.js. */
interface OpenEngine {
  readonly binding: NativeBinding;
  readonly device: Device;
}

/** Threads of TensorFlow, which cannot change after its first start in a process. */
let threadsOfProcess: Pick<EngineOptions, "threads"> | undefined;

const engines = new SharedEngine<EngineOptions, OpenEngine>({
  name: backendName,
  open: openEngine,
  close() {
    const wasActive = tf.getBackend() === backendName;
    tf.removeBackend(graphBackendName);
    tf.removeBackend(backendName);
    if (wasActive) activateCpuBackend();
  },
});

/**
 * TensorFlow's own kernels, on the CPU or an NVIDIA GPU. From now on TensorFlow.js computes with
 * them, in the whole process; runtimes with the same options share one engine, which is freed when
 * the last of them is disposed.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when TensorFlow or the device is missing, with the command that fixes it;
 *   `BAD_OPTION`, also while it is in use with other options, or another engine is in use
 *
 * @example
 * const runtime = await tensorflow({ device: "cpu" });
 */
export async function tensorflow(given: TensorFlowOptions = {}): Promise<TensorRuntime> {
  const { compile = {}, ...options } = parseOptions(tensorflowOptions, given);
  const { engine, release } = await engines.acquire(options);
  const { binding, device } = engine;
  await tf.setBackend(backendName); // another engine may have been active since
  const { threads = availableParallelism() } = options;
  const compiler = openCompiler(binding, { ...compile, threads });
  return {
    name: backendName,
    device,
    version: binding.TF_Version,
    compile: compiler.compile,
    compileStages: compiler.compileStages,
    compilations: compiler.compilations,
    onCompile: compiler.onCompile,
    memory: () => ({
      tensors: tf.memory().numTensors,
      tensorBytes: binding.getTensorBytes(),
      processBytes: process.memoryUsage.rss(),
      ...(device !== "cpu" && { device: deviceMemory(binding, device) }),
    }),
    dispose() {
      compiler.dispose();
      release();
    },
  };
}

async function openEngine(options: EngineOptions): Promise<OpenEngine> {
  if (tf.findBackendFactory(backendName)) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `TensorFlow.js has another backend called "${backendName}" already. Do not import @tensorflow/tfjs-node beside metalearn.`,
    );
  }
  const { binding, library } = await loadEngine();
  const driver = driverState(binding);
  requireDevice(options.device, driver);
  if (options.device !== "cpu") openCudaLibraries(binding, { library, driver });
  // Loaded only now: the kernels register themselves, and importing this package changes nothing.
  const { TensorFlowBackend } = await import("./backend.js");
  const { GraphBackend } = await import("../compile/graphBackend.js");
  const { supplyGraphKernels } = await import("../compile/graphKernels.js");
  supplyRound(backendName);
  supplyGraphKernels();

  const open = () => start(binding, options);
  const devices = open(); // not in the factory, whose errors TensorFlow.js only prints
  try {
    const device = deviceInUse(options.device, devices, { library, driver });
    binding.allowTensorFloat32(options.tf32 ?? false);
    tf.registerBackend(backendName, () => {
      if (!binding.isEngineOpen()) open(); // after a reset of TensorFlow.js
      return new TensorFlowBackend(binding);
    });
    tf.registerBackend(graphBackendName, () => new GraphBackend(binding), 0);
    if (!(await tf.setBackend(backendName))) {
      tf.removeBackend(graphBackendName);
      tf.removeBackend(backendName);
      throw new MetaError("ENGINE_UNAVAILABLE", "TensorFlow.js cannot start its backend.");
    }
    return { binding, device };
  } catch (error) {
    binding.closeEngine();
    throw error;
  }
}

function deviceMemory(binding: NativeBinding, device: Device): DeviceMemory {
  const { freeBytes, totalBytes, poolPeakBytes } = binding.cudaMemory(cudaNumber(device));
  const usedBytes = totalBytes - freeBytes;
  return { usedBytes, totalBytes, ...(poolPeakBytes > 0 && { peakBytes: poolPeakBytes }) };
}

function start(binding: NativeBinding, options: EngineOptions): readonly NativeDevice[] {
  const { threads } = options;
  threadsOfProcess ??= { threads };
  if (threadsOfProcess.threads !== threads) {
    const count = (n: number | undefined) => (n === undefined ? "its own choice of" : `${n}`);
    throw new MetaError(
      "BAD_OPTION",
      `TensorFlow was first started with ${count(threadsOfProcess.threads)} threads, which it keeps until the process ends; ` +
        `it cannot be started with ${count(threads)} threads. Use another process.`,
    );
  }
  try {
    return binding.openEngine(configProto(options));
  } catch (error) {
    const text = `TensorFlow does not start: ${messageOf(error)}.`;
    throw new MetaError("ENGINE_UNAVAILABLE", text, { cause: error });
  }
}
