import { runInNewContext } from "node:vm";
import { Template } from "@huggingface/jinja";
import { type ChatMessage, type ChatTemplateOptions, MetaError, messageOf } from "@metalearn/core";

/** Time limit of a template, in milliseconds: it is part of a checkpoint, and may loop for ever. */
const timeLimit = 2_000;

/** Writes the messages of a chat as text. */
export type ChatWriter = (
  messages: readonly ChatMessage[],
  options?: ChatTemplateOptions,
) => string;

/**
 * Makes a writer from a checkpoint's chat template, in Jinja. The template sees transformers' variables: `messages`,
 * `add_generation_prompt`, and special tokens by name (`bos_token`); `tools` and `documents` are `none`.
 *
 * The template is parsed when it is first used, so that a faulty one matters only to users of chat.
 * The writer throws MetaError `BAD_CHECKPOINT` for a template that is not Jinja, or does not end within two
 * seconds, and `BAD_DATA` for messages that the template refuses or cannot write.
 *
 * Source: `apply_chat_template` of transformers.
 *
 * @param special texts of special tokens by name, such as `bos_token`
 */
export function chatWriter(
  template: string,
  special: Readonly<Record<string, string | undefined>>,
): ChatWriter {
  let parsed: Template | undefined;
  return (messages, { addGenerationPrompt = false } = {}) => {
    parsed ??= parse(template);
    const variables = {
      ...Object.fromEntries(Object.entries(special).filter(([, text]) => text !== undefined)),
      messages,
      add_generation_prompt: addGenerationPrompt,
      tools: null,
      documents: null,
    };
    return render(parsed, variables);
  };
}

function parse(template: string): Template {
  try {
    return new Template(template);
  } catch (cause) {
    throw new MetaError(
      "BAD_CHECKPOINT",
      `Expected a chat template in Jinja, got one that cannot be read: ${messageOf(cause)}. Set chat_template in tokenizer_config.json.`,
      { cause },
    );
  }
}

function render(template: Template, variables: Record<string, unknown>): string {
  try {
    // The time limit of a context counts for the functions of this one that are called in it.
    return runInNewContext(
      "render()",
      { render: () => template.render(variables) },
      { timeout: timeLimit },
    );
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw new MetaError(
        "BAD_CHECKPOINT",
        `The chat template has not written the messages within ${timeLimit / 1000} seconds. Set another chat_template in tokenizer_config.json.`,
        { cause },
      );
    }
    throw new MetaError(
      "BAD_DATA",
      `The chat template does not take these messages: ${messageOf(cause)}.`,
      { cause },
    );
  }
}
