/** A program and its arguments, without those that every row shares. */
export interface Side {
  readonly label: string;
  readonly args: readonly string[];
}

/** Work that both sides do, and who does it. */
export interface Row {
  readonly name: string;
  readonly title: string;
  /** What the first of ours is compared with: the PyTorch peer's algorithms. */
  readonly peers: readonly Side[];
  readonly ours: readonly Side[];
}

const ours = (label: string, ...args: readonly string[]): Side => ({ label, args });
const peer = (algorithm: string, ...args: readonly string[]): Side => ({
  label: `torch ${algorithm}`,
  args: ["--algorithm", algorithm, ...args],
});

/** The rows of the results, in order: GPT-2 small, one sequence of 256 tokens, 8 of them scored. */
export const rows: readonly Row[] = [
  {
    name: "metaicl",
    title: "MetaICL step, clipping and AdamW included",
    ours: [
      ours("metalearn", "--work", "metaicl"),
      ours("metalearn, bfloat16 products", "--work", "metaicl", "--precision", "bfloat16"),
    ],
    peers: [peer("metaicl-tuned-sparse"), peer("metaicl-repo")],
  },
  {
    name: "fomaml",
    title: "FOMAML meta-update, one task, one inner step",
    ours: [ours("metalearn", "--work", "fomaml")],
    peers: [peer("fomaml")],
  },
  {
    name: "maml-2-1",
    title: "MAML-en-LLM meta-update, second order, one task",
    ours: [
      ours("metalearn", "--work", "maml2"),
      ours("metalearn, bfloat16 products", "--work", "maml2", "--precision", "bfloat16"),
    ],
    peers: [peer("maml2")],
  },
  {
    name: "maml-2-4",
    title: "MAML-en-LLM meta-update, second order, four tasks",
    ours: [ours("metalearn", "--work", "maml2", "--tasks", "4")],
    peers: [peer("maml2", "--tasks", "4")],
  },
  {
    name: "score",
    title: "Scores of 16 options after the same 16 demonstrations",
    ours: [ours("metalearn", "--work", "score")],
    peers: [peer("score-prefix"), peer("score-repo")],
  },
];
