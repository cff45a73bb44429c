import type { LanguageModel } from "./model.js";
import type { TargetTask } from "./task.js";

/** An example whose answer is known. */
export interface Demonstration {
  readonly input: string;
  readonly output: string;
}

/** One question that somebody asks. */
export interface PromptRequest {
  readonly input: string;
  /** What may be answered. */
  readonly options: readonly string[];
  /** Shown before the question, in this order. */
  readonly demonstrations: readonly Demonstration[];
  /** The task that it is like, for templates by task. */
  readonly task?: string | undefined;
}

/**
 * Writes questions as the tasks of the same name do, without any data: a request becomes a target with
 * one question, which no answer is right to.
 *
 * @param options of the tasks, checked
 * @throws MetaError `BAD_OPTION` when an option does not suit the model; then `BAD_DATA` for a request
 *   that leaves nothing to score, or is too long
 */
export type Prompter = (
  options: unknown,
  model: LanguageModel,
) => (request: PromptRequest) => TargetTask;
