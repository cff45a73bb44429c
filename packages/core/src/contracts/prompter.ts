import type { LanguageModel } from "./model.js";
import type { TargetTask } from "./task.js";

/** An example with its answer, shown before the question. */
export interface Demonstration {
  readonly input: string;
  readonly output: string;
}

/** A single question, as `metalearn predict` reads it. */
export interface PromptRequest {
  readonly input: string;
  /** Possible answers; empty for an answer in free text. */
  readonly options: readonly string[];
  /** Examples before the question, in this order. */
  readonly demonstrations: readonly Demonstration[];
  /** Name of the task whose template to use. */
  readonly task?: string | undefined;
}

/**
 * Writes questions in the format of a plugin's tasks, without their data: turns a request into a target
 * task with one question and no gold answer. Without options the task `isFreeForm`.
 *
 * @param options checked options of the tasks
 * @throws MetaError `BAD_OPTION` for an option that does not fit the model; the returned function throws
 *   `BAD_DATA` for a request that is too long or leaves nothing to score
 */
export type Prompter = (
  options: unknown,
  model: LanguageModel,
) => (request: PromptRequest) => TargetTask;
