import type { LanguageModel } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { Question } from "../contracts/task.js";
import { generateText } from "../generate/generate.js";
import type { Params } from "../params.js";

/** Options of {@link generateAnswers}. */
export interface AnswerOptions {
  readonly model: LanguageModel;
  readonly params: Params;
  /** Maximum number of tokens of an answer. @default 64 */
  readonly maxNewTokens?: number | undefined;
  readonly runtime?: Pick<TensorRuntime, "compile">;
  readonly signal?: AbortSignal;
}

/**
 * Generates the answers to questions with a prompt, in order: by greedy decoding, up to a newline, a stop token
 * or `maxNewTokens`, without the white space around them. A prompt that leaves no room loses its beginning.
 */
export async function generateAnswers(
  questions: readonly Pick<Question, "prompt">[],
  { model, params, maxNewTokens = 64, runtime, signal }: AnswerOptions,
): Promise<string[]> {
  const answers: string[] = [];
  for (const { prompt } of questions) {
    if (!prompt) continue;
    const { text } = await generateText({
      ...{ model, params, prompt, maxNewTokens, runtime, signal },
      stop: "\n",
      truncatePrompt: true,
    });
    answers.push(text.trim());
  }
  return answers;
}
