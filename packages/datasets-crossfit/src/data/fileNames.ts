/** Part of a task that a file holds. */
export type Split = "train" | "dev" | "test";

/** Fields of a data file's name: `{task}_{shots}_{seed}_{split}.jsonl`. */
export interface TaskFileName {
  readonly task: string;
  /** Number of examples requested; for meta-training files, an upper limit. */
  readonly shots: number;
  /** Seed of the shuffle; the examples are its first lines. */
  readonly seed: number;
  readonly split: Split;
}

/** File name of a part of a task. */
export function taskFileName({ task, shots, seed, split }: TaskFileName): string {
  return `${task}_${shots}_${seed}_${split}.jsonl`;
}

// A task's own name may hold underscores, so the greedy first group leaves the last three pieces.
const pattern = /^(.+)_(\d+)_(\d+)_(train|dev|test)\.jsonl$/;

/** Parses a data file's name from the right; `undefined` for any other file. */
export function parseTaskFileName(name: string): TaskFileName | undefined {
  const match = pattern.exec(name);
  if (!match) return undefined;
  const [, task, shots, seed, split] = match as unknown as [string, string, string, string, Split];
  return { task, shots: Number(shots), seed: Number(seed), split };
}
