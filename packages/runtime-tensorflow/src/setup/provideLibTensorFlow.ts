import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { MetaError } from "@metalearn/core";
import {
  cachedRoot,
  describeCached,
  type Manifest,
  manifestName,
  stateOf,
} from "../locate/cachedLibTensorFlow.js";
import { givenLibTensorFlow } from "../locate/givenLibTensorFlow.js";
import type { LibTensorFlow } from "../locate/layout.js";
import { wheelLibraries } from "../locate/layout.js";
import { pythonLibTensorFlow } from "../locate/pythonLibTensorFlow.js";
import { currentTarget, tensorflowVersion, type Variant, type Wheel } from "../locate/target.js";
import { cudaPlatforms, cudaRequirements, isCudaFile } from "./cudaWheels.js";
import { requireFreeSpace } from "./freeSpace.js";
import { publish } from "./publish.js";
import { pipDownload } from "./python.js";
import { unpack } from "./unpack.js";

/** Options of a setup step. */
export interface StepOptions {
  readonly cuda: boolean;
  readonly force: boolean;
  readonly workDirectory: string;
  notify(message: string): void;
}

/**
 * Provides a TensorFlow to build the addon for: an existing one, or else that of the wheel, downloaded and unpacked
 * into the cache directory.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when the wheel cannot be downloaded or unpacked
 */
export async function provideLibTensorFlow(
  options: StepOptions,
): Promise<{ library: LibTensorFlow; isNew: boolean }> {
  const { force, notify, workDirectory } = options;
  const given = givenLibTensorFlow();
  if (given) return { library: given, isNew: false };

  // The build for CUDA is preferred where there is one, so that is what a later setup looks after.
  const cuda = options.cuda || stateOf(cachedRoot("cuda")) !== "absent";
  const variant: Variant = cuda ? "cuda" : "cpu";
  const wheel = wheelFor(variant);
  const directory = cachedRoot(variant);
  const isGood = () => stateOf(directory) === "whole";
  if (!force) {
    if (isGood()) return { library: describeCached(variant), isNew: false };
    const installed = await pythonLibTensorFlow();
    if (installed && (!cuda || installed.variant === "cuda")) {
      return { library: installed, isNew: false };
    }
  }

  await requireFreeSpace(workDirectory, variant);
  const finished = join(workDirectory, "engine");
  const manifest = await assemble(wheel, finished, { ...options, cuda });
  // Last, because a folder counts as finished when it has this.
  await writeFile(join(finished, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
  await publish(finished, { directory, workDirectory, isGood: () => !force && isGood() });
  notify(`Unpacked TensorFlow ${tensorflowVersion} (${variant}) into ${directory}.`);
  return { library: describeCached(variant), isNew: true };
}

function wheelFor(variant: Variant): Wheel {
  const { name, wheels } = currentTarget();
  const wheel = wheels[variant];
  if (wheel) return wheel;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `TensorFlow ${tensorflowVersion} for CUDA is published for linux-x64 only, and this is ${name}. ` +
      "Run the setup without `--cuda`.",
  );
}

/** Downloads and unpacks everything of a variant into `root`. */
async function assemble(wheel: Wheel, root: string, options: StepOptions): Promise<Manifest> {
  const manifest: Manifest = { version: tensorflowVersion, wheels: [], files: {} };
  const add = async (
    requirements: readonly string[],
    platforms: readonly string[],
    wants: (path: string) => boolean,
  ) => {
    const wheels = await download(requirements, platforms, options);
    for (const path of wheels) {
      const name = basename(path);
      const progress = everyQuarter((percent) => options.notify(`Unpacking ${name}: ${percent} %`));
      const files = await unpack(path, { directory: root, wants, onProgress: progress });
      await rm(path);
      manifest.wheels.push(name);
      for (const [file, size] of Object.entries(files)) {
        if (/\.(so|dylib)\b/.test(file)) manifest.files[file] = size;
      }
    }
  };

  await add([`${wheel.package}==${tensorflowVersion}`], [wheel.platform], isTensorFlowFile);
  requireFiles(manifest);
  if (options.cuda) {
    await add(cudaRequirements(await readMetadata(root)), cudaPlatforms, isCudaFile);
  }
  return manifest;
}

/** Downloads wheels. @returns their paths */
async function download(
  requirements: readonly string[],
  platforms: readonly string[],
  { notify, workDirectory }: StepOptions,
): Promise<string[]> {
  const directory = join(workDirectory, "wheels");
  await mkdir(directory, { recursive: true });
  notify(`Downloading ${requirements.join(", ")} with pip.`);
  await pipDownload(requirements, {
    platforms,
    directory,
    onLine(line) {
      const file = /^\s*(?:Downloading|Using cached) (\S+).* \((.*)\)/.exec(line);
      if (file?.[1]) notify(`  ${basename(file[1])} (${file[2]})`);
    },
  });
  return (await readdir(directory)).sort().map((file) => join(directory, file));
}

/** True for files of the C API: two libraries, and the headers that it includes, out of 13,000. */
function isTensorFlowFile(path: string): boolean {
  const [, inPackage] = /^tensorflow\/(.+)$/.exec(path) ?? [];
  if (inPackage === undefined) return /^[^/]+\.dist-info\/METADATA$/.test(path);
  return wheelLibraries().includes(inPackage) || headerFolders.test(inPackage);
}

const headerFolders =
  /^include\/(tensorflow\/c|tensorflow\/core\/public|tensorflow\/core\/platform|tsl\/platform|xla\/tsl\/c|xla\/tsl\/platform)\/.+\.h$/;

function requireFiles({ wheels, files }: Manifest): void {
  for (const library of wheelLibraries()) {
    if (files[`tensorflow/${library}`] === undefined) {
      throw new MetaError(
        "ENGINE_UNAVAILABLE",
        `The wheel ${wheels.join(", ")} should hold tensorflow/${library}, but does not. ` +
          "Check the package index that pip uses (`python3 -m pip config list`).",
      );
    }
  }
}

async function readMetadata(root: string): Promise<string> {
  const folder = (await readdir(root)).find((name) => name.endsWith(".dist-info"));
  return readFile(join(root, folder ?? "", "METADATA"), "utf8");
}

/** Calls `report` with 25, 50, 75 and 100 when the fraction done passes them. */
function everyQuarter(report: (percent: number) => void): (share: number) => void {
  let reported = 0;
  return (share) => {
    const percent = Math.floor(share * 4) * 25;
    if (percent > reported) report(percent);
    reported = Math.max(reported, percent);
  };
}
