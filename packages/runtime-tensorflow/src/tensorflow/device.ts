import { existsSync } from "node:fs";
import { MetaError } from "@metalearn/core";
import type { LibTensorFlow } from "../locate/libtensorflow.js";
import { findTarget } from "../locate/target.js";
import type { NativeDevice } from "./binding.js";

/** Where tensors live and operations run. `cuda:1` is the second NVIDIA GPU. */
export type Device = "cpu" | `cuda:${number}`;

/** Whether a text names a {@link Device}. */
export function isDevice(text: string): text is Device {
  return text === "cpu" || /^cuda:\d+$/.test(text);
}

/**
 * The device that an opened engine computes on.
 *
 * @param wanted the device that was asked for, and that the engine was opened with
 * @throws MetaError `ENGINE_UNAVAILABLE` when a GPU was asked for and TensorFlow has none
 */
export function deviceInUse(
  wanted: Device | undefined,
  devices: readonly NativeDevice[],
  library: LibTensorFlow,
): Device {
  const hasGpu = devices.some(({ type }) => type === "GPU");
  if (hasGpu) return wanted ?? "cuda:0";
  if (wanted === undefined || wanted === "cpu") return "cpu";
  const { reason, fix } = missingForCuda(library);
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `The device ${wanted} was asked for, but TensorFlow has no GPU here: ${reason}.${fix ? ` Run \`${fix}\`.` : ""}`,
  );
}

/** Why TensorFlow does not compute on a GPU, and the command that helps, if there is one. */
export function missingForCuda({ variant, directory }: LibTensorFlow): {
  readonly reason: string;
  readonly fix?: string;
} {
  if (!findTarget()?.wheels.cuda) {
    return {
      reason: `CUDA is supported on linux-x64, and this is ${process.platform}-${process.arch}`,
    };
  }
  if (!hasNvidiaDriver()) {
    return { reason: "no NVIDIA driver is loaded (/proc/driver/nvidia is missing)" };
  }
  if (variant === "cpu") {
    return {
      reason: `TensorFlow in ${directory} cannot use CUDA`,
      fix: "metalearn setup --cuda",
    };
  }
  return {
    reason:
      "TensorFlow found no device that it can use, or not this one; TF_CPP_MIN_LOG_LEVEL=0 and CUDA_VISIBLE_DEVICES tell more",
    fix: "nvidia-smi",
  };
}

/** Whether the kernel has NVIDIA's driver, natively or through Windows' subsystem for Linux. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg");
}
