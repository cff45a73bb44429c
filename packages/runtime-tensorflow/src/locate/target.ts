import { MetaError } from "@metalearn/core";

/** The TensorFlow that `metalearn setup` provides. */
export const tensorflowVersion = "2.21.0";

/** Build variant of libtensorflow. A build for CUDA also computes on the CPU. */
export type Variant = "cpu" | "cuda";

/** A wheel on the package index. */
export interface Wheel {
  readonly package: string;
  /** Platform tag for pip. */
  readonly platform: string;
}

/** A platform for which TensorFlow is published with its C API. */
export interface Target {
  /** Node.js's name of the platform: `linux-x64`. */
  readonly name: string;
  readonly wheels: Readonly<Partial<Record<Variant, Wheel>>>;
  /** Ending of shared libraries of major version 2. */
  readonly librarySuffix: string;
}

const targets: readonly Target[] = [
  {
    name: "linux-x64",
    wheels: {
      cpu: { package: "tensorflow-cpu", platform: "manylinux_2_27_x86_64" },
      cuda: { package: "tensorflow", platform: "manylinux_2_27_x86_64" },
    },
    librarySuffix: ".so.2",
  },
  {
    name: "linux-arm64",
    wheels: { cpu: { package: "tensorflow", platform: "manylinux_2_27_aarch64" } },
    librarySuffix: ".so.2",
  },
  {
    name: "darwin-arm64",
    wheels: { cpu: { package: "tensorflow", platform: "macosx_12_0_arm64" } },
    librarySuffix: ".2.dylib",
  },
];

/** The target of this machine; `undefined` if TensorFlow publishes no C API for it. */
export function findTarget(): Target | undefined {
  const name = `${process.platform}-${process.arch}`;
  return targets.find((target) => target.name === name);
}

/** Reason why there is no TensorFlow for this machine. */
export function unsupportedMachine(): string {
  return (
    `TensorFlow ${tensorflowVersion} is published with its C API for ${targets.map(({ name }) => name).join(", ")}, ` +
    `but this is ${process.platform}-${process.arch}. The runtimes "wasm" and "auto" work here.`
  );
}

/** Returns this machine's target. @throws MetaError `ENGINE_UNAVAILABLE` if TensorFlow is not published for it */
export function currentTarget(): Target {
  const target = findTarget();
  if (!target) throw new MetaError("ENGINE_UNAVAILABLE", unsupportedMachine());
  return target;
}
