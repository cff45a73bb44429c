import { messageOf } from "@metalearn/core";
import type { CudaDriver, NativeBinding } from "../binding/binding.js";

/** NVIDIA's driver, or why it cannot be used. */
export type DriverState = CudaDriver | { readonly problem: string };

/** Asks NVIDIA's driver, which the engine need not use. */
export function driverState(binding: Pick<NativeBinding, "cudaDriver">): DriverState {
  try {
    return binding.cudaDriver();
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
