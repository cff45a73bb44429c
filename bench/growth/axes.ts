import { parameterShapes } from "@metalearn/models-gpt2";
import { type SizeName, sizes } from "../sizes.js";

/** An update to measure. */
export interface Setting {
  readonly work: "metaicl" | "maml2";
  readonly size: SizeName;
  readonly time: number;
  readonly inner: number;
  readonly tasks: number;
}

/** A quantity that time and memory are measured against. */
export interface Axis {
  readonly name: string;
  readonly label: string;
  /** Settings by their place on the axis. */
  readonly settings: readonly (readonly [x: number, setting: Setting])[];
}

const base: Setting = { work: "maml2", size: "gpt2", time: 128, inner: 1, tasks: 1 };
const works = ["metaicl", "maml2"] as const;

/** Growing quantities, starting from GPT-2 small, 128 tokens, one inner step and one task. */
export const axes: readonly Axis[] = [
  {
    name: "length",
    label: "tokens per sequence",
    settings: [128, 256, 512, 1024].flatMap((time) =>
      works.map((work) => [time, { ...base, work, time }] as const),
    ),
  },
  {
    name: "inner",
    label: "inner steps",
    settings: [1, 2, 4, 8].map((inner) => [inner, { ...base, inner }]),
  },
  {
    name: "tasks",
    label: "tasks per update",
    settings: [1, 2, 4, 8, 16].map((tasks) => [tasks, { ...base, tasks }]),
  },
  {
    name: "size",
    label: "million parameters",
    settings: (Object.keys(sizes) as SizeName[]).flatMap((size) =>
      works.map((work) => [millions(size), { ...base, work, size }] as const),
    ),
  },
];

/** Parameters of a model, in millions. */
function millions(size: SizeName): number {
  const counts = Object.values(parameterShapes(sizes[size])).map((shape) =>
    shape.reduce((product, n) => product * n, 1),
  );
  return counts.reduce((sum, count) => sum + count, 0) / 1e6;
}
