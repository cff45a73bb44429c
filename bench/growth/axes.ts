import { parameterShapes } from "@metalearn/models-gpt2";
import { type SizeName, sizes } from "../sizes.js";

/** Something to measure. */
export interface Setting {
  /** Its place on the axis. */
  readonly x: number;
  readonly work: "metaicl" | "maml2";
  readonly size: SizeName;
  /** Arguments of `ours.ts` beside those. */
  readonly args: readonly string[];
}

/** What time and memory are measured against. */
export interface Axis {
  readonly name: string;
  readonly label: string;
  readonly settings: readonly Setting[];
}

const works = ["metaicl", "maml2"] as const;
const short = ["--time", "128"];

/** GPT-2 small, 128 tokens, one task and one inner step, unless they are what grows. */
export const axes: readonly Axis[] = [
  {
    name: "length",
    label: "tokens per sequence",
    settings: [128, 256, 512, 1024].flatMap((x) =>
      works.map((work) => ({ x, work, size: "gpt2", args: ["--time", `${x}`] })),
    ),
  },
  {
    name: "inner",
    label: "inner steps",
    settings: [1, 2, 4, 8].map((x) => ({
      x,
      work: "maml2",
      size: "gpt2",
      // One query batch for any number of steps, or its size would grow as well.
      args: [...short, "--inner", `${x}`, "--queries", "1"],
    })),
  },
  {
    name: "tasks",
    label: "tasks per update",
    settings: [1, 2, 4, 8, 16].map((x) => ({
      x,
      work: "maml2",
      size: "gpt2",
      args: [...short, "--tasks", `${x}`],
    })),
  },
  {
    name: "size",
    label: "million parameters",
    settings: (Object.keys(sizes) as SizeName[]).flatMap((size) =>
      works.map((work) => ({ x: millions(size), work, size, args: short })),
    ),
  },
];

/** A model's parameters, in millions. */
function millions(size: SizeName): number {
  const counts = Object.values(parameterShapes(sizes[size])).map((shape) =>
    shape.reduce((product, n) => product * n, 1),
  );
  return counts.reduce((sum, count) => sum + count, 0) / 1e6;
}
