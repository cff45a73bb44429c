import { expect, test } from "vitest";
import { isComposedAlone } from "../../src/tokenizer/unicode.js";

/** All characters but halves of others. */
function* characters(): Generator<number> {
  for (let point = 0; point < 0x110000; point++) {
    if (point < 0xd800 || point > 0xdfff) yield point;
  }
}

test("no character that is composed alone is ever the later part of another, or changes by itself", () => {
  const later = new Set<string>();
  for (const point of characters()) {
    const [, ...rest] = String.fromCodePoint(point).normalize("NFD");
    for (const part of rest) later.add(part);
  }
  expect(later.size).toBeGreaterThan(100);
  let count = 0;
  for (const point of characters()) {
    if (!isComposedAlone(point)) continue;
    count++;
    const text = String.fromCodePoint(point);
    if (text.normalize("NFC") !== text) throw new Error(`U+${point.toString(16)} changes`);
    const [first] = text.normalize("NFD");
    if (later.has(text) || later.has(first as string)) {
      throw new Error(`U+${point.toString(16)} is composed with what is before it`);
    }
    // Marks are put in order; they stay behind a character that is none.
    if (/\p{M}/u.test(first as string)) throw new Error(`U+${point.toString(16)} is a mark`);
  }
  expect(count).toBeGreaterThan(1_000_000);
});
