import type { Side } from "../rows.js";

/** A kind of work on a GPU, and the sides that do it. */
export interface DeviceRow {
  readonly name: string;
  readonly title: string;
  /**
   * Sequences per step that a gradient is computed for, and those among them that are differentiated twice.
   */
  readonly sequences: { readonly all: number; readonly twice: number };
  readonly ours: readonly Side[];
  readonly peers: readonly Side[];
}

const float32 = { label: "float32", ours: [], theirs: [] } as const;
const tf32 = { label: "TF32", ours: ["--tf32"], theirs: ["--tf32"] } as const;
const bfloat16 = {
  label: "bfloat16",
  ours: ["--precision", "bfloat16"],
  theirs: ["--dtype", "bf16"],
} as const;
const precisions = [float32, tf32, bfloat16];

function ours(...args: readonly string[]): Side[] {
  return precisions.map(({ label, ours }) => ({
    label: `metalearn, ${label}`,
    program: "ours.ts",
    args: [...args, ...ours],
  }));
}

function peer(
  algorithm: string,
  args: readonly string[],
  chosen: readonly (typeof precisions)[number][] = [tf32, bfloat16],
): Side[] {
  const compiled = args.includes("--compile") ? ", torch.compile" : "";
  return chosen.map(({ label, theirs }) => ({
    label: `torch ${algorithm}${compiled}, ${label}`,
    program: "peer",
    args: ["--algorithm", algorithm, ...args, ...theirs],
  }));
}

function metaicl(batch: number): DeviceRow {
  const size = ["--B", String(batch)];
  return {
    name: `metaicl-${batch}`,
    title: `MetaICL step, ${batch === 1 ? "one sequence" : `${batch} sequences`}, clipping and AdamW included`,
    sequences: { all: batch, twice: 0 },
    ours: ours("--work", "metaicl", "--queries", String(batch)),
    peers: [
      ...peer("metaicl-repo", size),
      ...peer("metaicl-tuned-sparse", size, precisions),
      ...peer("metaicl-tuned-sparse", [...size, "--compile"]),
    ],
  };
}

function maml(tasks: number): DeviceRow {
  const size = ["--tasks", String(tasks)];
  return {
    name: `maml-2-${tasks}`,
    title: `MAML-en-LLM meta-update, second order, ${tasks === 1 ? "one task" : `${tasks} tasks`}`,
    sequences: { all: 2 * tasks, twice: tasks },
    ours: ours("--work", "maml2", ...size),
    peers: [
      ...peer("maml2", size, precisions),
      ...peer("maml2-sdpa", size),
      ...peer("maml2-hvp", size),
    ],
  };
}

/** The rows, in order. */
export const deviceRows: readonly DeviceRow[] = [metaicl(1), metaicl(8), maml(1), maml(4)];
