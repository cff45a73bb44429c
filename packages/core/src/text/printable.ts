/**
 * Control characters: C0 without tab and line feed, DEL, C1, and those that turn the direction of text. On a terminal
 * they could move the cursor, change the title or hide what stands there.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text for terminals and reports: control characters are written as escapes, such as `\u001b`. */
export function printable(text: string): string {
  return text.replace(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
