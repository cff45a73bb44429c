import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** A block of code in a Markdown file. */
export interface Block {
  readonly file: string;
  /** Number of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

/** Not ours to check: packages of others, and what is generated or becomes part of something else. */
const excluded = /node_modules|^docs\/api\/|\/(templates|fixtures)\//;

/** The Markdown files of the repository that people read. */
export const documents: readonly string[] = [
  ...readdirSync(root),
  ...["docs", "examples", "packages"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) =>
      join(folder, path),
    ),
  ),
].filter((path) => path.endsWith(".md") && !excluded.test(path));

/** All blocks in a language, as the line that opens them names it. */
export function blocksIn(language: string): Block[] {
  return documents.flatMap((file) =>
    blocksOf(readFileSync(join(root, file), "utf8"), language).map((block) => ({ file, ...block })),
  );
}

function blocksOf(text: string, language: string): Omit<Block, "file">[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms");
  return [...text.matchAll(pattern)].map(({ index, 1: code = "" }) => ({
    line: text.slice(0, index).split("\n").length + 1,
    code,
  }));
}
