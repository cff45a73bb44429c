import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { currentTarget } from "../../src/locate/target.js";
import { writeWheel } from "./wheel.js";

/** A machine of its own for a test: an empty cache, and only the programs that it puts on PATH. */
export interface Sandbox {
  readonly folder: string;
  readonly cache: string;
  /** Puts a shell script on PATH. */
  program(name: string, script: string): void;
  /** Puts a program of the real machine on PATH. */
  link(name: string, path: string): void;
}

/** Lasts until the test ends. */
export function sandbox(): Sandbox {
  const folder = mkdtempSync(join(tmpdir(), "metalearn-test-"));
  const bin = join(folder, "bin");
  const cache = join(folder, "cache");
  mkdirSync(bin);
  vi.stubEnv("METALEARN_CACHE", cache);
  vi.stubEnv("LIBTENSORFLOW_DIR", undefined);
  vi.stubEnv("CXX", undefined);
  vi.stubEnv("PATH", bin);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    cache,
    program(name, script) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    link: (name, path) => symlinkSync(path, join(bin, name)),
  };
}

/** A wheel with everything that the setup looks for, and something it leaves alone. */
export function fakeTensorFlowWheel(
  { folder }: Sandbox,
  extra: Record<string, string> = {},
): string {
  const { librarySuffix } = currentTarget();
  const path = join(folder, "tensorflow_cpu-2.21.0-cp311-cp311-any.whl");
  writeWheel(path, {
    [`tensorflow/libtensorflow_cc${librarySuffix}`]: "the C API",
    [`tensorflow/libtensorflow_framework${librarySuffix}`]: "the framework",
    "tensorflow/include/tensorflow/c/c_api.h": "#pragma once",
    "tensorflow/include/Eigen/Core": "not part of the C API",
    "tensorflow/python/__init__.py": "not needed",
    "tensorflow_cpu-2.21.0.dist-info/METADATA": "Name: tensorflow-cpu",
    ...extra,
  });
  return path;
}

/** A `python3` with pip that answers a download with `onDownload`, a script that sees `$dest`. */
export function fakePython({ program }: Sandbox, onDownload: string): void {
  program(
    "python3",
    `case "$*" in
      *"pip --version"*) echo "pip 24.0 (fake)" ;;
      *" download "*)
        echo "$*" >> "$0.log"
        while [ "$1" != --dest ]; do shift; done
        dest=$2
        ${onDownload} ;;
      *) exit 1 ;;
    esac`,
  );
}
