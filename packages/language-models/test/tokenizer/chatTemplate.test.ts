import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ChatMessage, isMetaError } from "@metalearn/core";
import { describe, expect, test } from "vitest";
import { chatWriter } from "../../src/tokenizer/chatTemplate.js";

const { special, templates, chats, cases } = JSON.parse(
  readFileSync(
    join(import.meta.dirname, "../../../../test/oracle/numbers/chat/chat_templates.json"),
    "utf8",
  ),
) as {
  readonly special: Record<string, string>;
  readonly templates: Record<string, string>;
  readonly chats: Record<string, ChatMessage[]>;
  readonly cases: readonly {
    readonly kind: string;
    readonly chat: string;
    readonly addGenerationPrompt: boolean;
    readonly text?: string;
    readonly error?: string;
  }[];
};

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    expect(isMetaError(error)).toBe(true);
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe.each(Object.keys(templates))("a template of the kind of %s", (kind) => {
  const write = chatWriter(templates[kind] as string, special);
  test.each(cases.filter((given) => given.kind === kind))(
    "writes $chat as transformers does (generation prompt: $addGenerationPrompt)",
    ({ chat, addGenerationPrompt, text, error }) => {
      const messages = chats[chat] as ChatMessage[];
      const work = () => write(messages, { addGenerationPrompt });
      if (error === undefined) expect(work()).toBe(text);
      else
        expect(errorOf(work).message).toContain(
          `[BAD_DATA] The chat template does not take these messages: ${error}`,
        );
    },
  );
});

test.each([
  ["{% for m in messages %}", "[BAD_CHECKPOINT] Expected a chat template in Jinja"],
  ["{{ messages | nonsense }}", "[BAD_DATA] The chat template does not take these messages: "],
  [
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "[BAD_CHECKPOINT] The chat template has not written the messages within 2 seconds.",
  ],
])("explains what is wrong with %s", (template, message) => {
  expect(errorOf(() => chatWriter(template, {})([])).message).toContain(message);
});
