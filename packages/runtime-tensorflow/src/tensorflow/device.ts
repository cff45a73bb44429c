import { MetaError } from "@metalearn/core";
import type { NativeDevice } from "../binding/binding.js";
import type { LibTensorFlow } from "../locate/layout.js";
import { findTarget } from "../locate/target.js";
import type { DriverState } from "./driver.js";

/** Device that holds tensors and runs operations. `cuda:1` is the second NVIDIA GPU. */
export type Device = "cpu" | `cuda:${number}`;

/** CUDA's number of a GPU: 1 for `cuda:1`. */
export function cudaNumber(device: Device): number {
  return Number(device.slice("cuda:".length));
}

/**
 * Refuses a GPU that the driver does not have, with a list of those that it has; TensorFlow's error has no such list.
 * If the driver cannot be queried, {@link deviceInUse} checks.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE`
 */
export function requireDevice(wanted: Device | undefined, driver: DriverState): void {
  if (wanted === undefined || wanted === "cpu" || "problem" in driver) return;
  if (cudaNumber(wanted) < driver.devices.length) return;
  const there = driver.devices.map(({ name }, i) => `cuda:${i} (${name})`);
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `The device ${wanted} was asked for, but there is ${["cpu", ...there].join(", ")}. ` +
      "Choose one of these, or look at CUDA_VISIBLE_DEVICES, which hides GPUs.",
  );
}

/**
 * Device that an opened engine computes on.
 *
 * @param wanted requested device, with which the engine was opened
 * @throws MetaError `ENGINE_UNAVAILABLE` when a GPU was requested and TensorFlow has none
 */
export function deviceInUse(
  wanted: Device | undefined,
  devices: readonly NativeDevice[],
  grounds: CudaGrounds,
): Device {
  const hasGpu = devices.some(({ type }) => type === "GPU");
  if (hasGpu) return wanted ?? "cuda:0";
  if (wanted === undefined || wanted === "cpu") return "cpu";
  const { reason, fix } = missingForCuda(grounds);
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `The device ${wanted} was asked for, but TensorFlow has no GPU here, only cpu: ${reason}.${fix ? ` Run \`${fix}\`.` : ""}`,
  );
}

/** Facts that determine whether TensorFlow can compute on a GPU. */
export interface CudaGrounds {
  readonly library: Pick<LibTensorFlow, "variant" | "directory">;
  readonly driver: DriverState;
}

/** Reason why TensorFlow does not compute on a GPU, and the command that fixes it, if there is one. */
export function missingForCuda({ library, driver }: CudaGrounds): {
  readonly reason: string;
  readonly fix?: string;
} {
  if (!findTarget()?.wheels.cuda) {
    return {
      reason: `CUDA is supported on linux-x64, and this is ${process.platform}-${process.arch}`,
    };
  }
  if ("problem" in driver) return { reason: `no NVIDIA driver (${driver.problem})` };
  if (driver.devices.length === 0) {
    return { reason: "the NVIDIA driver shows no GPU; CUDA_VISIBLE_DEVICES may hide it" };
  }
  if (library.variant === "cpu") {
    return {
      reason: `TensorFlow in ${library.directory} cannot use CUDA`,
      fix: "metalearn setup --cuda",
    };
  }
  return {
    reason:
      "TensorFlow cannot use the GPU that the driver shows; TF_CPP_MIN_LOG_LEVEL=0 tells why, and `metalearn doctor` which CUDA library is missing",
  };
}
