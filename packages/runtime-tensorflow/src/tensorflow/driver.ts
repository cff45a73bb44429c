import { messageOf } from "@metalearn/core";
import type { CudaDriver, NativeBinding } from "../binding/binding.js";

/** NVIDIA's driver, or the reason why it cannot be used. */
export type DriverState = CudaDriver | { readonly problem: string };

/** Queries NVIDIA's driver, also if the engine does not use it. */
export function driverState(binding: Pick<NativeBinding, "cudaDriver">): DriverState {
  try {
    return binding.cudaDriver();
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
