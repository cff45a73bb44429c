import type { Row, Side } from "./rows.js";

const ours = (work: string, ...args: readonly string[]): Side => ({
  label: "metalearn",
  program: "ours.ts",
  args: ["--work", work, ...args],
});
const peer = (algorithm: string, ...args: readonly string[]): Side => ({
  label: `torch ${algorithm}`,
  program: "llama_torch.py",
  args: ["--algorithm", algorithm, ...args],
});
const asInstalled = (side: Side): Side => ({
  ...side,
  label: `${side.label}, MKL as installed`,
  args: [...side.args, "--no-mkl-shim"],
});

/** A row in float32, with the plain-function peer also as MKL is installed, and one in bfloat16. */
function inBothPrecisions(
  work: string,
  name: string,
  title: string,
  ways: readonly string[],
): Row[] {
  const goal = "as fast as the fastest, with no more memory";
  const same = { goal, size: "smollm2", check: work } as const;
  const bfloat16 = ["--precision", "bfloat16"];
  const lean = ways.filter((way) => way.endsWith("-lean"));
  return [
    {
      ...{ ...same, name, title },
      ours: [ours(work)],
      peers: [...ways.map((way) => peer(way)), ...lean.map((way) => asInstalled(peer(way)))],
    },
    {
      ...{ ...same, name: `${name}-bfloat16`, title: `${title}, bfloat16 products` },
      ours: [ours(work, ...bfloat16)],
      peers: ways.map((way) => peer(way, ...bfloat16)),
    },
  ];
}

/** The rows of SmolLM2-135M's shape, in order. */
export const smollm2Rows: readonly Row[] = [
  ...inBothPrecisions(
    "metaicl",
    "smollm2-metaicl",
    "SmolLM2: MetaICL step, clipping and AdamW included",
    ["metaicl-tuned", "metaicl-lean", "metaicl-compiled"],
  ),
  ...inBothPrecisions(
    "maml2",
    "smollm2-maml-2-1",
    "SmolLM2: MAML-en-LLM meta-update, second order, one task",
    ["maml2", "maml2-lean"],
  ),
  ...inBothPrecisions(
    "score",
    "smollm2-score",
    "SmolLM2: scores of 16 options after the same 16 demonstrations",
    ["score-prefix", "score-lean"],
  ),
];
