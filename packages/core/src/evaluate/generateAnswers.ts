import { sizeAtLeast } from "../batch/sizeAtLeast.js";
import type { LanguageModel } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { Question } from "../contracts/task.js";
import { generateTextAfter } from "../generate/generate.js";
import { tokenReaderOf } from "../generate/nextLogits.js";
import { promptIds } from "../generate/promptIds.js";
import { groupPrompts, readShared } from "../generate/sharedPrefix.js";
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
 * or `maxNewTokens`, without the white space around them. A prompt that leaves no room loses its beginning. Tokens that
 * several prompts begin with, their demonstrations, are read once, if the model has `readMore`.
 */
export async function generateAnswers(
  questions: readonly Pick<Question, "prompt">[],
  { model, params, maxNewTokens = 64, runtime, signal }: AnswerOptions,
): Promise<string[]> {
  const length = { maxNewTokens, truncatePrompt: true };
  const prompts = questions.flatMap(({ prompt }) =>
    prompt ? [promptIds(model, { prompt }, length).ids] : [],
  );
  const reader = tokenReaderOf(model, runtime);
  const answers: string[] = [];
  for (const { members, common } of groupPrompts(prompts)) {
    const own = members.map((i) => prompts[i] as readonly number[]);
    const longest = Math.max(...own.map((ids) => ids.length)) + maxNewTokens;
    const capacity = Math.min(sizeAtLeast(longest), model.maxTokens);
    const prefix =
      reader.readMore && common > 0
        ? readShared(reader, params, (own[0] as readonly number[]).slice(0, common), capacity)
        : undefined;
    try {
      for (const [i, prompt] of own.entries()) {
        const options = { model, params, prompt, maxNewTokens, runtime, signal, stop: "\n" };
        const { text } = await generateTextAfter(options, prefix);
        answers[members[i] as number] = text.trim();
      }
    } finally {
      prefix?.dispose();
    }
  }
  return answers;
}
