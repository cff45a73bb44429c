import { messageOf } from "@metalearn/core";
import { addonFor } from "../../src/locate/addon.js";
import { findLibTensorFlow } from "../../src/locate/libtensorflow.js";
import type { Device } from "../../src/tensorflow/device.js";
import type { TensorFlowOptions } from "../../src/tensorflow/tensorflowOptions.js";

/** Why tests of the real TensorFlow cannot run here; `undefined` when they can. */
export const noNativeEngine: string | undefined = await reason();

/**
 * The device that tests of the real TensorFlow should run on, from `METALEARN_TEST_DEVICE`, with float32
 * products that round nothing, or rounded to TensorFloat-32 where `METALEARN_TEST_TF32` is 1. Where a
 * device that is named is not there, tests fail.
 */
export const testDevice: Pick<TensorFlowOptions, "device" | "tf32"> = {
  ...(process.env.METALEARN_TEST_DEVICE && {
    device: process.env.METALEARN_TEST_DEVICE as Device,
  }),
  ...(process.env.METALEARN_TEST_TF32 === "1" && { tf32: true }),
};

async function reason(): Promise<string | undefined> {
  try {
    const library = await findLibTensorFlow();
    if (!library) return "(needs TensorFlow: run `metalearn setup`)";
    if (!addonFor(library).isBuilt) return "(needs the addon: run `metalearn setup`)";
    return undefined;
  } catch (error) {
    return `(needs TensorFlow: ${messageOf(error)})`;
  }
}
