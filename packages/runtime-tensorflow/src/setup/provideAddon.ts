import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { addonFiles, addonFor } from "../locate/addon.js";
import { recordAddon } from "../locate/addonRecord.js";
import { cudaLibraryPaths } from "../locate/cudaLibraries.js";
import { describeLibrary, type LibTensorFlow } from "../locate/layout.js";
import { probe } from "../tensorflow/probe.js";
import { compileAddon } from "./compileAddon.js";
import type { StepOptions } from "./provideLibTensorFlow.js";
import { publish } from "./publish.js";

/**
 * Compiles the addon for a TensorFlow, and installs it only after a test computation.
 *
 * @returns the devices of the test computation; none if the addon already existed
 * @throws MetaError `ENGINE_UNAVAILABLE` when there is no compiler, or the result does not work
 */
export async function provideAddon(
  library: LibTensorFlow,
  { force, notify, workDirectory }: Omit<StepOptions, "cuda">,
): Promise<{ isNew: boolean; devices: readonly string[] }> {
  const { directory, isBuilt, damage } = addonFor(library);
  if (isBuilt && damage === undefined && !force) return { isNew: false, devices: [] };

  const finished = join(workDirectory, "addon");
  await mkdir(finished);
  await compileAddon(library, { ...addonFiles(finished), workDirectory, notify });
  const found = await probe(addonFiles(finished).engine, cudaLibraryPaths(library));
  if ("problem" in found) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The addon was compiled for ${describeLibrary(library)}, but does not work: ${found.problem}.`,
    );
  }
  recordAddon(Object.values(addonFiles(finished)));
  await publish(finished, {
    directory,
    workDirectory,
    isGood: () => {
      const other = addonFor(library);
      return !force && other.isBuilt && other.damage === undefined;
    },
  });
  return { isNew: true, devices: found.devices.map(({ type }) => type) };
}
