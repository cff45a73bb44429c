import { expect, test } from "vitest";
import { printable } from "../src/text/printable.js";

test.each([
  ["\u001b]0;title\u0007\u001b[2J", "\\u001b]0;title\\u0007\\u001b[2J"], // OSC 0 sets the title, CSI 2 J clears
  ["a\rb", "a\\u000db"],
  ["\u009b31m", "\\u009b31m"], // the C1 form of CSI
  ["txt.\u202egpj", "txt.\\u202egpj"], // right-to-left override
  ["two\nlines\tand 日本語 é", "two\nlines\tand 日本語 é"],
])("%j is printed as %j", (text, expected) => {
  expect(printable(text)).toBe(expected);
});
