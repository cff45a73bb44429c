import { threads } from "./machine.js";
import { median } from "./median.js";
import { runOurs, runPython } from "./programs.js";
import type { Side } from "./rows.js";
import { type LlamaSizeName, type SizeName, sizeNamed, sizes } from "./sizes.js";

/** One run of one side. */
export interface Sample {
  readonly seconds: number;
  readonly peakMiB: number;
  /** Memory of the GPU, if one is used. */
  readonly deviceMiB?: number;
  /** Cosine between the meta-gradients in bfloat16 and float32. */
  readonly cosine?: number;
  /** Number of compiled shapes, and seconds of recording and first running them. */
  readonly compiling?: { readonly shapes: number; readonly seconds: number };
  /** Scores of each question's options; null for a question that was not read. */
  readonly scores?: readonly (readonly number[] | null)[];
}

/** Inputs of every side of a row. */
export interface Inputs {
  readonly size: SizeName | LlamaSizeName;
  /** A checkpoint of that size. */
  readonly weights: string;
  readonly steps: string;
  readonly python: string;
  /** Path of the PyTorch peer's program. */
  readonly peer: string;
  /** Questions of target tasks; score-repo reads one in every so many of them. */
  readonly questions: string;
  readonly every: string;
  /** Device that both sides compute on. @default each side's own choice */
  readonly device?: string;
}

/**
 * Runs a side once, in a process of its own. Later arguments override earlier ones, so that a side's own come
 * last.
 */
export async function measure({ program, args }: Side, inputs: Inputs): Promise<Sample> {
  const { weights, steps, python, peer, questions, every, device } = inputs;
  switch (program) {
    case "ours.ts": {
      const given = { weights, steps, ...(device && { device }) };
      return parse(await runOurs(program, [...flags(given), ...args]));
    }
    case "scoreTargets.ts":
      return parse(await runOurs(program, ["--weights", weights, "--questions", questions]));
    case "score_targets.py": {
      const given = { weights, questions, every, threads: String(threads) };
      const script = new URL(program, import.meta.url).pathname;
      return parse(await runPython(python, [script, ...flags(given), ...args]));
    }
    case "llama_torch.py": {
      if (device && device !== "cpu") throw new Error(`${program} knows no device but cpu`);
      const given = { weights, steps, threads: String(threads) };
      const script = new URL(`llama/${program}`, import.meta.url).pathname;
      return parse(await runPython(python, [script, ...flags(given), ...args]));
    }
    case "peer": {
      const { layers, width, heads } = sizes[sizeNamed(inputs.size)];
      const shape = { layers: String(layers), d: String(width), heads: String(heads) };
      const where = device && { device: device === "cpu" ? device : "cuda" };
      const given = { ...shape, steps, threads: String(threads), "max-foreign": "-1", ...where };
      const result = JSON.parse(await runPython(python, [peer, ...flags(given), ...args]));
      if (result.error) throw new Error(`${args.join(" ")}: ${result.error}`);
      const { median_s: seconds, peak_rss_mib: peakMiB, peak_cuda_mib: deviceMiB } = result;
      return { seconds, peakMiB, ...(deviceMiB && { deviceMiB }) };
    }
  }
}

/** Parses the output of our own programs. */
function parse(line: string): Sample {
  const { seconds, ...sample } = JSON.parse(line);
  return { seconds: median(seconds), ...sample };
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}
