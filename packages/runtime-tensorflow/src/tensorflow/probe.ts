import { Buffer } from "node:buffer";
import { join } from "node:path";
import { messageOf } from "@metalearn/core";
import { z } from "zod";
import type { NativeDevice } from "../binding/binding.js";
import { nativeDirectory } from "../locate/addon.js";
import { runCommand } from "../runCommand.js";
import { configProto } from "./configProto.js";
import type { DriverState } from "./driver.js";

const driverSchema = z.object({
  version: z.string(),
  devices: z.array(
    z.object({ name: z.string(), computeCapability: z.string(), memoryBytes: z.number() }),
  ),
});

const answerSchema = z.object({
  version: z.string(),
  devices: z.array(z.object({ name: z.string(), type: z.string(), memoryBytes: z.number() })),
  product: z.array(z.number()),
  productDevice: z.string(),
  driver: z.union([driverSchema, z.object({ problem: z.string() })]),
  libraryProblems: z.record(z.string(), z.string()),
});

/** Facts about an addon that works. */
export interface WorkingEngine {
  readonly version: string;
  readonly devices: readonly NativeDevice[];
  /** Device whose memory holds the result of the test product. */
  readonly productDevice: string;
  readonly driver: DriverState;
  /** Reasons why requested shared libraries cannot be opened, by path. */
  readonly libraryProblems: Readonly<Record<string, string>>;
}

/** Result of loading an addon. */
export type ProbeResult = WorkingEngine | { readonly problem: string };

/**
 * Loads an addon in a separate process, because a broken library may crash it, and multiplies two matrices there.
 *
 * @param libraries shared libraries to open first
 */
export async function probe(
  addon: string,
  libraries: readonly string[] = [],
): Promise<ProbeResult> {
  const config = Buffer.from(configProto({})).toString("base64");
  const { exitCode, stdout, stderr } = await runCommand(
    process.execPath,
    [join(nativeDirectory, "probe.cjs"), addon, config, ...libraries],
    { timeoutMs: 120_000 },
  );
  if (exitCode !== 0) return { problem: reasonIn(stderr) };
  try {
    const { product, ...engine } = answerSchema.parse(JSON.parse(stdout));
    // [1 2; 3 4] [5 6; 7 8] = [1*5+2*7 1*6+2*8; 3*5+4*7 3*6+4*8]
    if (product.join() === "19,22,43,50") return engine;
    return { problem: `it computed [1 2; 3 4] [5 6; 7 8] as ${product.join(" ")}` };
  } catch (error) {
    return { problem: `it answered "${stdout.slice(0, 200)}": ${messageOf(error)}` };
  }
}

/** Extracts the error from Node.js's output for a failed script; the last line if there is none. */
function reasonIn(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const error = lines.find((line) => /^\w*Error: /.test(line));
  return error?.replace(/^\w*Error: /, "") ?? lines.at(-1) ?? "it ended without a word";
}
