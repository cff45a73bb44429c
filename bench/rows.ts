import type { LlamaSizeName, SizeName } from "./sizes.js";

/** A program and its arguments, without those that every row shares. */
export interface Side {
  readonly label: string;
  /** `peer` for PyTorch's program, or the name of a program of this folder. */
  readonly program: "peer" | "ours.ts" | "scoreTargets.ts" | "score_targets.py" | "llama_torch.py";
  readonly args: readonly string[];
}

/** A kind of work, and the sides that do it. */
export interface Row {
  readonly name: string;
  readonly title: string;
  /** Goal for the first of our sides. */
  readonly goal: string;
  /** @default "gpt2" */
  readonly size?: SizeName | LlamaSizeName;
  /** True if the sides read questions of real target tasks. */
  readonly questions?: true;
  /** Kind of work that all sides compute once, with the same result, before they are measured. */
  readonly check?: string;
  readonly ours: readonly Side[];
  /** Sides to compare ours with; empty where there are none. */
  readonly peers: readonly Side[];
}

const work = (name: string, ...args: readonly string[]): Side => ({
  label: "metalearn",
  program: "ours.ts",
  args: ["--work", name, ...args],
});
const inBfloat16 = ({ label, program, args }: Side): Side => ({
  label: `${label}, bfloat16 products`,
  program,
  args: [...args, "--precision", "bfloat16"],
});
const peer = (algorithm: string, ...args: readonly string[]): Side => ({
  label: `torch ${algorithm}`,
  program: "peer",
  args: ["--algorithm", algorithm, ...args],
});
const fourTasks = ["--tasks", "4", "--steps", "1"];

/** The rows of GPT-2, in order. */
export const rows: readonly Row[] = [
  {
    name: "metaicl",
    title: "MetaICL step, clipping and AdamW included",
    goal: "1.25 times as fast as metaicl-tuned-sparse with less memory, 6 times as fast as metaicl-repo; bfloat16 1.4 times as fast as float32",
    ours: [work("metaicl"), inBfloat16(work("metaicl"))],
    peers: [peer("metaicl-tuned-sparse"), peer("metaicl-repo")],
  },
  {
    name: "fomaml",
    title: "FOMAML meta-update, one task, one inner step",
    goal: "1.3 times as fast",
    ours: [work("fomaml")],
    peers: [peer("fomaml")],
  },
  {
    name: "maml-2-1",
    title: "MAML-en-LLM meta-update, second order, one task",
    goal: "1.4 times as fast as the fastest, with 0.7 times its memory; bfloat16 1.4 times as fast as float32, with a cosine of 0.99",
    ours: [work("maml2"), inBfloat16(work("maml2"))],
    peers: [peer("maml2"), peer("maml2-sdpa"), peer("maml2-hvp")],
  },
  {
    name: "maml-2-4",
    title: "MAML-en-LLM meta-update, second order, four tasks",
    goal: "1.4 times as fast as the fastest, with 0.7 times its memory",
    ours: [work("maml2", ...fourTasks)],
    peers: [peer("maml2", ...fourTasks), peer("maml2-sdpa", ...fourTasks)],
  },
  {
    name: "medium",
    title:
      "MAML-en-LLM meta-update, second order, one task: GPT-2 medium, 1024 tokens, gradient checkpointing",
    goal: "20 GB (19,073 MiB) of memory",
    size: "gpt2-medium",
    ours: [work("maml2", "--time", "1024", "--steps", "1", "--checkpointing")],
    peers: [],
  },
  {
    name: "score",
    title: "Scores of 16 options after the same 16 demonstrations",
    goal: "1.1 times as fast as score-prefix, 10 times as fast as score-repo",
    ours: [work("score")],
    peers: [peer("score-prefix"), peer("score-repo")],
  },
  {
    name: "targets",
    title: "Answers to questions of glue-wnli, openbookqa and tweet_eval-stance_atheism",
    goal: "1.1 times as fast as score-prefix, 10 times as fast as score-repo, with the same answers",
    questions: true,
    ours: [{ label: "metalearn", program: "scoreTargets.ts", args: [] }],
    peers: [
      { label: "torch score-prefix", program: "score_targets.py", args: ["--way", "prefix"] },
      { label: "torch score-repo", program: "score_targets.py", args: ["--way", "repo"] },
    ],
  },
];
