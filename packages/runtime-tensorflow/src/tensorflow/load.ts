import { createRequire } from "node:module";
import { join } from "node:path";
import { cacheDirectory, MetaError, messageOf } from "@metalearn/core";
import type { NativeBinding } from "../binding/binding.js";
import { type Addon, addonFor } from "../locate/addon.js";
import { describeLibrary, type LibTensorFlow } from "../locate/layout.js";
import { findLibTensorFlow } from "../locate/libtensorflow.js";
import { currentTarget } from "../locate/target.js";
import { quietLogs, wantedLines } from "./logs.js";

const require = createRequire(import.meta.url);

/** The addon with the TensorFlow below it. */
export interface LoadedEngine {
  readonly binding: NativeBinding;
  readonly library: LibTensorFlow;
}

/**
 * Finds TensorFlow and loads the addon built for it. Further calls in a process return the loaded addon.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE`, with the command that fixes it
 */
export async function loadEngine(): Promise<LoadedEngine> {
  const { library, addon } = await locateEngine();
  try {
    const level = quietLogs();
    if (level > 0) {
      const { preload } = require(addon.preload) as { preload(path: string): string };
      const log = preload(join(library.directory, library.libraries[0] as string));
      process.stderr.write(wantedLines(log, level));
    }
    return { binding: require(addon.engine) as NativeBinding, library };
  } catch (error) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `${describeLibrary(library)} does not load: ${messageOf(error)}. Run \`metalearn setup --force\`.`,
      { cause: error },
    );
  }
}

/**
 * The reason why the engine `tensorflow` cannot run here, found without loading it; `undefined` when it can.
 *
 * @example if (await tensorflowProblem()) console.log("Run `metalearn setup` for the faster engine.");
 */
export async function tensorflowProblem(): Promise<MetaError | undefined> {
  try {
    await locateEngine();
    return undefined;
  } catch (error) {
    if (error instanceof MetaError) return error;
    throw error;
  }
}

async function locateEngine(): Promise<{ library: LibTensorFlow; addon: Addon }> {
  currentTarget(); // the clearest message where there can be none
  const library = await findLibTensorFlow();
  if (!library) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `TensorFlow is not set up: LIBTENSORFLOW_DIR is not set, ${cacheDirectory()} holds none, ` +
        "and neither does Python. Run `metalearn setup`.",
    );
  }
  const addon = addonFor(library);
  if (!addon.isBuilt) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The addon for ${describeLibrary(library)} is not built. Run \`metalearn setup\`.`,
    );
  }
  if (addon.damage !== undefined) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The addon for ${describeLibrary(library)} is damaged: ${addon.damage}. Run \`metalearn setup\`.`,
    );
  }
  return { library, addon };
}
