import type { ChatMessage } from "../contracts/chat.js";
import type { LanguageModel } from "../contracts/model.js";
import { MetaError } from "../errors.js";
import type { CheckedGenerationOptions } from "./generationOptions.js";

/** A prompt: text, token ids, or the messages of a chat. */
export type GenerationPrompt =
  | { readonly prompt: string | readonly number[]; readonly messages?: undefined }
  | { readonly messages: readonly ChatMessage[]; readonly prompt?: undefined };

/** Number of tokens to generate unless more or fewer are asked for. */
const usualNewTokens = 256;

/** The token ids of a prompt, and the number of tokens to generate after it. */
interface PromptIds {
  readonly ids: readonly number[];
  readonly maxNewTokens: number;
  /** Number of tokens that the prompt lost at its beginning. */
  readonly dropped: number;
}

/**
 * Encodes a prompt, and finds how many tokens are to follow it.
 *
 * @throws MetaError `BAD_OPTION` or `BAD_DATA`
 */
export function promptIds(
  model: Pick<LanguageModel, "name" | "maxTokens" | "tokenizer">,
  asked: GenerationPrompt,
  {
    maxNewTokens,
    truncatePrompt,
  }: Pick<CheckedGenerationOptions, "maxNewTokens" | "truncatePrompt">,
): PromptIds {
  const ids = encode(model, asked);
  if (ids.length === 0) {
    throw new MetaError("BAD_DATA", "Expected a prompt of at least 1 token, got none.");
  }
  // The last token is generated, but never read.
  const room = model.maxTokens + 1 - ids.length;
  const wanted = maxNewTokens ?? Math.min(usualNewTokens, Math.max(1, room));
  if (wanted <= room) return { ids, maxNewTokens: wanted, dropped: 0 };
  const readable = model.maxTokens + 1 - wanted;
  if (truncatePrompt && readable >= 1) {
    return { ids: ids.slice(-readable), maxNewTokens: wanted, dropped: ids.length - readable };
  }
  throw new MetaError(
    readable >= 1 ? "BAD_DATA" : "BAD_OPTION",
    `${model.name} reads at most ${model.maxTokens} tokens, but the prompt has ${ids.length}, and ${wanted} are to follow. ${
      readable >= 1
        ? "Shorten the prompt, lower maxNewTokens, or set truncatePrompt."
        : `Lower maxNewTokens to ${model.maxTokens} or less.`
    }`,
  );
}

function encode(
  { name, tokenizer }: Pick<LanguageModel, "name" | "tokenizer">,
  { prompt, messages }: GenerationPrompt,
): readonly number[] {
  if ((prompt === undefined) === (messages === undefined)) {
    const got = prompt === undefined ? "neither" : "both";
    throw new MetaError("BAD_OPTION", `Expected prompt or messages, got ${got}.`);
  }
  if (messages !== undefined) {
    if (tokenizer.applyChatTemplate) {
      return tokenizer.encode(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }));
    }
    throw new MetaError(
      "BAD_OPTION",
      `The tokenizer of ${name} (${tokenizer.name}) has no chat template, by which messages are written. Give a prompt, or a model that was trained on chats.`,
    );
  }
  if (typeof prompt === "string") {
    return [...(tokenizer.around?.before ?? []), ...tokenizer.encode(prompt)];
  }
  const wrong = prompt.find(
    (id) => !Number.isInteger(id) || id < 0 || id >= tokenizer.vocabularySize,
  );
  if (wrong === undefined) return prompt;
  throw new MetaError(
    "BAD_DATA",
    `Expected token ids from 0 to ${tokenizer.vocabularySize - 1}, got ${wrong}.`,
  );
}
