import { messageOf } from "@metalearn/core";
import { addonFor } from "../../src/locate/addon.js";
import { findLibTensorFlow } from "../../src/locate/libtensorflow.js";

/** Why tests of the real TensorFlow cannot run here; `undefined` when they can. */
export const noNativeEngine: string | undefined = await reason();

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
