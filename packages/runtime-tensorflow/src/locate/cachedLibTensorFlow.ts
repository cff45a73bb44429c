import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory, MetaError, messageOf } from "@metalearn/core";
import { z } from "zod";
import type { LibTensorFlow } from "./layout.js";
import { wheelLibraries } from "./layout.js";
import { currentTarget, findTarget, tensorflowVersion, type Variant } from "./target.js";

/** File that describes the contents of a folder of the cache. It is written last. */
export const manifestName = "engine.json";

const manifestSchema = z.object({
  version: z.string(),
  /** The wheels that were unpacked, by file name. */
  wheels: z.array(z.string()),
  /** Sizes in bytes, by path in the folder: a library that was cut short can crash the process. */
  files: z.record(z.string(), z.int()),
});

/** Contents of {@link manifestName}. */
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * The folder for a variant. It has the layout of Python's `site-packages`, because TensorFlow searches `../nvidia`,
 * relative to itself, for the CUDA libraries.
 */
export function cachedRoot(variant: Variant): string {
  const name = `tensorflow-${tensorflowVersion}-${variant}-${currentTarget().name}`;
  return join(cacheDirectory(), "engines", name);
}

/**
 * The TensorFlow from `metalearn setup`, for CUDA if there is one.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when files are missing or cut short
 */
export function cachedLibTensorFlow(): LibTensorFlow | undefined {
  if (!findTarget()) return undefined;
  for (const variant of ["cuda", "cpu"] as const) {
    const state = stateOf(cachedRoot(variant));
    if (state === "whole") return describeCached(variant);
    if (state === "absent") continue;
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The TensorFlow in ${cachedRoot(variant)} is damaged: ${state.damage}. Run \`metalearn setup\`.`,
    );
  }
  return undefined;
}

/** Describes a variant whose folder is complete. */
export function describeCached(variant: Variant): LibTensorFlow {
  const directory = join(cachedRoot(variant), "tensorflow");
  return {
    source: "cache",
    directory,
    includeDirectory: join(directory, "include"),
    libraries: wheelLibraries(),
    version: tensorflowVersion,
    variant,
  };
}

/** Checks that a folder of the cache is complete: its setup finished, and all files are still there. */
export function stateOf(root: string): "absent" | "whole" | { readonly damage: string } {
  const manifest = join(root, manifestName);
  if (!existsSync(manifest)) return "absent";
  try {
    const { files } = manifestSchema.parse(JSON.parse(readFileSync(manifest, "utf8")));
    for (const [path, size] of Object.entries(files)) {
      const actual = statSync(join(root, path)).size;
      if (actual !== size) return { damage: `${path} has ${actual} bytes instead of ${size}` };
    }
    return "whole";
  } catch (error) {
    return { damage: messageOf(error).replaceAll("\n", " ") };
  }
}
