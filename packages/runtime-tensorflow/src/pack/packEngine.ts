import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cacheDirectory, MetaError, type PackedFile, type PackOptions } from "@metalearn/core";
import { addonFor } from "../locate/addon.js";
import { addonRecordName } from "../locate/addonRecord.js";
import {
  cachedRoot,
  describeCached,
  type Manifest,
  manifestName,
  stateOf,
} from "../locate/cachedLibTensorFlow.js";
import type { Variant } from "../locate/target.js";
import { provideAddon } from "../setup/provideAddon.js";
import { provideLibTensorFlow } from "../setup/provideLibTensorFlow.js";
import { withWorkDirectory } from "../setup/workDirectory.js";
import { filesOf } from "./optionalParts.js";

/**
 * Lists the files of the engine and its addon, at their places in the cache directory, which can be moved. Headers,
 * needed only for compiling, are left out.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when the engine is missing and cannot be installed; `BAD_OPTION` for a part
 *   that cannot be left out
 */
export async function packEngine({ cuda, without, notify }: PackOptions): Promise<PackedFile[]> {
  const isLeftOut = filesOf(without);
  const variant: Variant = cuda ? "cuda" : "cpu";
  const root = cachedRoot(variant);
  const addon = await provide(variant, notify);
  const manifest = JSON.parse(readFileSync(join(root, manifestName), "utf8")) as Manifest;
  const isWanted = (path: string) => !isLeftOut(path) && !path.startsWith("tensorflow/include/");
  const below = (path: string) => relative(cacheDirectory(), path);

  const kept = Object.entries(manifest.files).filter(([path]) => isWanted(path));
  const content = JSON.stringify({ ...manifest, files: Object.fromEntries(kept) }, null, 2);
  return [
    ...filesBelow(root)
      .filter((path) => path !== manifestName && isWanted(path))
      .map((path) => ({ path: below(join(root, path)), source: join(root, path) })),
    { path: below(join(root, manifestName)), content },
    ...[addon.engine, addon.preload, join(addon.directory, addonRecordName)]
      .filter((source) => existsSync(source)) // one that was built earlier has no record
      .map((source) => ({ path: below(source), source })),
  ];
}

/** Provides the engine of `metalearn setup`: one installed by others may have any contents. */
async function provide(variant: Variant, notify: PackOptions["notify"]) {
  const options = { cuda: variant === "cuda", force: false, notify };
  return withWorkDirectory(async (workDirectory) => {
    if (stateOf(cachedRoot(variant)) !== "whole") {
      const { library } = await provideLibTensorFlow({ ...options, workDirectory });
      if (library.source !== "cache" || library.variant !== variant) throw refuse(variant);
    }
    const library = describeCached(variant);
    await provideAddon(library, { ...options, workDirectory });
    return addonFor(library);
  });
}

function refuse(variant: Variant): MetaError {
  const setup = `metalearn setup --force${variant === "cuda" ? " --cuda" : ""}`;
  return new MetaError(
    "ENGINE_UNAVAILABLE",
    `The TensorFlow to pack should be the ${variant} build from \`metalearn setup\`, but another is in use. ` +
      `Unset LIBTENSORFLOW_DIR and run \`${setup}\`, with METALEARN_CACHE set to an empty folder if the other is to stay.`,
  );
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}
