import { cacheDirectory, type Finding } from "@metalearn/core";
import { addonFor } from "../locate/addon.js";
import { cudaLibraryPaths } from "../locate/cudaLibraries.js";
import type { LibTensorFlow } from "../locate/layout.js";
import { findLibTensorFlow } from "../locate/libtensorflow.js";
import { findTarget, unsupportedMachine } from "../locate/target.js";
import { reasonOf } from "../reasonOf.js";
import { probe } from "../tensorflow/probe.js";
import { cudaFindings } from "./cuda.js";

const sources: Record<LibTensorFlow["source"], string> = {
  LIBTENSORFLOW_DIR: "named by LIBTENSORFLOW_DIR",
  cache: "from metalearn setup",
  python: "from an installed Python package",
};

/** Findings about TensorFlow, its addon and its devices. */
export async function engineFindings(): Promise<Finding[]> {
  const topic = "TensorFlow";
  if (!findTarget()) return [{ topic, status: "info", message: unsupportedMachine() }];
  let library: LibTensorFlow | undefined;
  try {
    library = await findLibTensorFlow();
  } catch (error) {
    const fix = process.env.LIBTENSORFLOW_DIR ? "unset LIBTENSORFLOW_DIR" : "metalearn setup";
    return [{ topic, status: "warning", message: reasonOf(error), fix }];
  }
  if (!library) {
    const message = `not found: LIBTENSORFLOW_DIR is not set, ${cacheDirectory()} holds none, and neither does Python`;
    return [{ topic, status: "missing", message, fix: "metalearn setup" }];
  }
  const { version, variant, source, directory } = library;
  const build = variant ? ` (${variant} build)` : "";
  const found = `${version ?? "unknown version"}${build} ${sources[source]}, in ${directory}`;
  return [{ topic, status: "ok", message: found }, ...(await addonFindings(library))];
}

async function addonFindings(library: LibTensorFlow): Promise<Finding[]> {
  const topic = "Addon";
  const addon = addonFor(library);
  if (!addon.isBuilt) {
    const message = "not built for this TensorFlow and this version of metalearn";
    return [{ topic, status: "missing", message, fix: "metalearn setup" }];
  }
  const result = await probe(addon.engine, cudaLibraryPaths(library));
  if ("problem" in result) {
    const message = `built, but does not work: ${result.problem}`;
    return [{ topic, status: "warning", message, fix: "metalearn setup --force" }];
  }
  if (library.version !== undefined && result.version !== library.version) {
    const message = `loads TensorFlow ${result.version}, but is built for ${library.version}`;
    return [{ topic, status: "warning", message, fix: "metalearn setup --force" }];
  }
  return [
    { topic, status: "ok", message: `loads and computes, in ${addon.directory}` },
    ...cudaFindings(result, library),
  ];
}
