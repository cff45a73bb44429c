import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";

/** The repository. */
export const root = join(import.meta.dirname, "../../..");

/** Which Markdown files are pages, and where on the site; what is not here is no page. */
const places: readonly (readonly [file: RegExp, page: string])[] = [
  [/^docs\/(.+)\.md$/, "$1"],
  [/^packages\/([^/]+)\/README\.md$/, "packages/$1"],
  [/^examples\/README\.md$/, "examples"],
  [/^examples\/([^/]+)\/README\.md$/, "examples/$1"],
  [/^bench\/RESULTS\.md$/, "results"],
  [/^bench\/MICRO\.md$/, "overhead"],
  [/^CONTRIBUTING\.md$/, "contributing"],
];

/** Markdown that is no page, as globs from the root. */
export const otherMarkdown = [
  "README.md",
  "{test,scripts,data,runs}/**",
  "bench/*/**",
  "examples/*/*/**",
  "packages/*/*/**",
];

/** Files that a benchmark writes; a clone in which it has not run lacks them. */
const measured = ["docs/growth.svg", "bench/MICRO.md", "bench/RESULTS.md"];

/** The page of a Markdown file, without ending, or nothing. Paths are relative to the root. */
export function pageOf(file: string): string | undefined {
  for (const [pattern, page] of places) {
    if (pattern.test(file)) return file.replace(pattern, page);
  }
  return undefined;
}

/** The file of a page, if there is one. */
export function fileOf(page: string): string | undefined {
  const candidates = [
    `docs/${page}.md`,
    page.replace(/^packages\/(.+)$/, "packages/$1/README.md"),
    page.replace(/^examples(\/.+)?$/, "examples$1/README.md"),
    page.replace(/^results$/, "bench/RESULTS.md"),
    page.replace(/^overhead$/, "bench/MICRO.md"),
    page.replace(/^contributing$/, "CONTRIBUTING.md"),
  ];
  return candidates.find((file) => pageOf(file) === page && existsSync(join(root, file)));
}

/** What a link in a file of the repository leads to. */
export type Target =
  | { readonly kind: "page"; readonly page: string }
  | { readonly kind: "source"; readonly path: string }
  | { readonly kind: "unmeasured" };

/**
 * Follows a relative link.
 *
 * @param from the file that has it, and `path` what it says, without query and hash
 * @throws Error when it leads nowhere
 */
export function follow(from: string, path: string): Target {
  const to = posix.join(posix.dirname(from), decodeURI(path)).replace(/\/$/, "");
  const absolute = join(root, to);
  if (!existsSync(absolute)) {
    if (measured.includes(to)) return { kind: "unmeasured" };
    throw new Error(`${from}: the link to ${path} leads nowhere; there is no ${to}.`);
  }
  if (to === "README.md" || to === ".") return { kind: "page", page: "" };
  const readme = `${to}/README.md`;
  const file = statSync(absolute).isDirectory() && existsSync(join(root, readme)) ? readme : to;
  const page = pageOf(file);
  return page === undefined ? { kind: "source", path: to } : { kind: "page", page };
}

/** A page's title: its first heading. */
export function titleOf(file: string): string {
  const text = readFileSync(join(root, file), "utf8");
  return /^# (.+)$/m.exec(text)?.[1] ?? file;
}
