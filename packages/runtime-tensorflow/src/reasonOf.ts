import { messageOf } from "@metalearn/core";

/** An error's message on one line and without its code, for use in another message. */
export function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/^\[\w+\] /, "")
    .replace(/\s+/g, " ");
}
