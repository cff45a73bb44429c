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

/** A row in float32 and one in bfloat16. */
function inBothPrecisions(row: Omit<Row, "ours" | "size" | "goal"> & { work: string }): Row[] {
  const { work, peers, ...rest } = row;
  const goal = "as fast as the fastest, with no more memory";
  const bfloat16 = ["--precision", "bfloat16"];
  return [
    { ...rest, goal, size: "smollm2", ours: [ours(work)], peers, check: work },
    {
      ...rest,
      ...{ goal, size: "smollm2", check: work },
      name: `${rest.name}-bfloat16`,
      title: `${rest.title}, bfloat16 products`,
      ours: [ours(work, ...bfloat16)],
      peers: peers
        .filter(({ args }) => !args.includes("--no-mkl-shim"))
        .map((side) => ({ ...side, args: [...side.args, ...bfloat16] })),
    },
  ];
}

/** The rows of SmolLM2-135M's shape, in order. */
export const smollm2Rows: readonly Row[] = [
  ...inBothPrecisions({
    name: "smollm2-metaicl",
    title: "SmolLM2: MetaICL step, clipping and AdamW included",
    work: "metaicl",
    peers: [
      peer("metaicl-tuned"),
      peer("metaicl-lean"),
      peer("metaicl-compiled"),
      asInstalled(peer("metaicl-lean")),
    ],
  }),
  ...inBothPrecisions({
    name: "smollm2-maml-2-1",
    title: "SmolLM2: MAML-en-LLM meta-update, second order, one task",
    work: "maml2",
    peers: [peer("maml2"), peer("maml2-lean"), asInstalled(peer("maml2-lean"))],
  }),
  ...inBothPrecisions({
    name: "smollm2-score",
    title: "SmolLM2: scores of 16 options after the same 16 demonstrations",
    work: "score",
    peers: [peer("score-prefix"), peer("score-lean"), asInstalled(peer("score-lean"))],
  }),
];
