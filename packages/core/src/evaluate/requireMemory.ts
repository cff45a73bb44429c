import type { LanguageModel } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { Question } from "../contracts/task.js";
import { MetaError } from "../errors.js";

/**
 * Refuses a question that by the model's own estimate takes more memory to read than is free for the process.
 * The memory of other devices than the CPU is not known here.
 *
 * @throws MetaError `BAD_DATA`
 */
export function requireMemory(
  { sequences }: Pick<Question, "sequences">,
  {
    model,
    runtime,
    free = process.availableMemory(),
  }: {
    readonly model: Pick<LanguageModel, "name" | "bytesPerToken">;
    readonly runtime: Pick<TensorRuntime, "device">;
    /** Free memory in bytes. */
    readonly free?: number;
  },
): void {
  const tokens = Math.max(0, ...sequences.map(({ ids }) => ids.length));
  const needed = tokens * (model.bytesPerToken?.(tokens) ?? 0);
  if (needed <= free || runtime.device !== "cpu") return;
  const fitting = 2 ** Math.floor(Math.log2(tokens / 2));
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new MetaError(
    "BAD_DATA",
    `The question and its demonstrations have ${tokens} tokens, for which ${model.name} needs about ${gigabytes(needed)} of memory, but ${gigabytes(free)} are free. Shorten them, or have them cut: tasks.maxTokens=${fitting} tasks.maxExampleTokens=${fitting}.`,
  );
}
