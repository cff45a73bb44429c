import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { MetaError } from "@metalearn/core";
import {
  nativeDirectory,
  nativeSources,
  nodeApiIncludeDirectories,
  nodeApiVersion,
} from "../locate/addon.js";
import { addonRunPaths } from "../locate/addonRunPaths.js";
import type { LibTensorFlow } from "../locate/layout.js";
import { runCommand } from "../runCommand.js";
import { type Compiler, requireCompiler } from "./compiler.js";

/** Options of compiling the addon. */
export interface CompileOptions {
  /** Output file of the engine. */
  readonly engine: string;
  /** Output file of the loader. */
  readonly preload: string;
  /** Folder for object files. */
  readonly workDirectory: string;
  notify(message: string): void;
}

const preloadSource = "preload.cc";

/**
 * Compiles the C++ sources against a TensorFlow, as many files at a time as there are cores.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when there is no compiler or it fails
 */
export async function compileAddon(
  library: LibTensorFlow,
  { engine, preload, workDirectory, notify }: CompileOptions,
): Promise<void> {
  const compiler = await requireCompiler();
  const sources = nativeSources().filter((file) => file.endsWith(".cc"));
  const objectOf = (source: string) => join(workDirectory, `${basename(source, ".cc")}.o`);
  notify(`Compiling the addon with ${compiler.join(" ")}.`);

  const flags = compileFlags([library.includeDirectory, ...nodeApiIncludeDirectories()]);
  await inParallel(sources, availableParallelism(), (source) =>
    call(compiler, [...flags, "-c", join(nativeDirectory, source), "-o", objectOf(source)]),
  );

  const engineObjects = sources.filter((source) => source !== preloadSource).map(objectOf);
  await Promise.all([
    call(compiler, [...linkFlags, "-o", preload, objectOf(preloadSource)]),
    call(compiler, [...linkFlags, "-o", engine, ...engineObjects, ...linkTo(library)]),
  ]);
}

function compileFlags(includeDirectories: readonly string[]): string[] {
  return [
    ..."-std=c++17 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -fPIC -fvisibility=hidden".split(
      " ",
    ),
    `-DNAPI_VERSION=${nodeApiVersion}`,
    "-DNODE_ADDON_API_CPP_EXCEPTIONS_ALL", // see native/module.cc
    "-DNODE_ADDON_API_DISABLE_DEPRECATED",
    ...includeDirectories.flatMap((directory) => ["-isystem", directory]),
  ];
}

/** On macOS an addon is a bundle, which finds Node.js' functions only when it is loaded. */
const linkFlags =
  process.platform === "darwin" ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"];

function linkTo(library: LibTensorFlow): string[] {
  return [
    ...library.libraries.map((file) => join(library.directory, file)),
    ...addonRunPaths(library).flatMap((path) => ["-Xlinker", "-rpath", "-Xlinker", path]),
  ];
}

async function call([program, ...first]: Compiler, rest: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runCommand(program, [...first, ...rest]);
  if (exitCode === 0) return;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    `${program} could not compile the addon. It needs C++17 (g++ 9, clang 9 or newer). It said:\n${stderr.trim().slice(0, 2_000)}`,
  );
}

/** Runs `work` on every item, at most `width` at a time; after a failure no more are started. */
async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item).catch((error) => {
        waiting.length = 0;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
