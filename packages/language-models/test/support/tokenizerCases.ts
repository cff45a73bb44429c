import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { PretrainedTokenizer } from "../../src/index.js";

/** Texts, and what Python's tokenizers makes of them. */
export interface TokenizerCases {
  readonly texts: readonly string[];
  readonly kinds: Readonly<Record<string, KindCases>>;
}

/** What one tokenizer makes of the texts. */
export interface KindCases {
  readonly ids: readonly (readonly number[])[];
  /** What ids are decoded to, by the place of the text, where that is another text. */
  readonly decoded: Readonly<Record<string, string>>;
  /** The ids of an empty text with special tokens. */
  readonly around?: readonly number[];
}

/** The folder with a tokenizer of each kind that is kept. */
export const kindsFolder = join(import.meta.dirname, "../fixtures/tokenizers");

/** What `fixtures/tokenizers/make.py` writes into a file when it is called like this. */
export function makeCases(...args: readonly string[]): TokenizerCases {
  const folder = mkdtempSync(join(tmpdir(), "tokenizer-cases-"));
  try {
    const path = join(folder, "cases.json");
    make(...args, path);
    return readCases(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs `fixtures/tokenizers/make.py`. */
export function make(...args: readonly string[]): void {
  const python = process.env.METALEARN_PYTHON ?? "python3";
  execFileSync(python, [join(kindsFolder, "make.py"), ...args], { stdio: "pipe" });
}

export function readCases(path: string): TokenizerCases {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Expects the ids and the texts of the cases; shows the first few that differ. */
export function expectCases(
  tokenizer: PretrainedTokenizer,
  texts: readonly string[],
  { ids, decoded, around }: KindCases,
  name = "",
): void {
  const encoded = texts.map((text) => tokenizer.encode(text));
  const wrong = texts.flatMap((text, i) =>
    encoded[i]?.join() === ids[i]?.join() ? [] : [{ text, ids: encoded[i], wanted: ids[i] }],
  );
  expect(wrong.slice(0, 3), `${name}: ${wrong.length} of ${texts.length} texts`).toEqual([]);
  const read = ids.map((of) => tokenizer.decode(of));
  const misread = texts.flatMap((text, i) =>
    read[i] === (decoded[i] ?? text) ? [] : [{ text: read[i], wanted: decoded[i] ?? text }],
  );
  expect(misread.slice(0, 3), `${name}: ${misread.length} of ${texts.length} texts`).toEqual([]);
  if (around) expect([...tokenizer.around.before, ...tokenizer.around.after]).toEqual(around);
}
