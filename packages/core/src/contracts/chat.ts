/** A message of a chat. */
export interface ChatMessage {
  /** `system`, `user` or `assistant`, or what else the chat template knows. */
  readonly role: string;
  readonly content: string;
}

/** Options of `Tokenizer.applyChatTemplate`. */
export interface ChatTemplateOptions {
  /** Ends with the beginning of the assistant's next message. @default false */
  readonly addGenerationPrompt?: boolean;
}
