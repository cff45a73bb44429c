import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Links within the site to a page or a place that is not there, as `page: link`. */
export function deadAnchors(pages: ReadonlyMap<string, string>, base = "/"): string[] {
  const places = new Map(
    [...pages].map(([page, html]) => [
      page,
      new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  return [...pages].flatMap(([page, html]) =>
    [...html.matchAll(/<a\s[^>]*?href="([^"#]*)#([^"]+)"/g)].flatMap(([, path = "", hash = ""]) => {
      if (/^[a-z]+:/.test(path)) return [];
      const target = path === "" ? page : path.replace(base, "").replace(/\.html$/, "");
      const file = target === "" || target.endsWith("/") ? `${target}index` : target;
      const known = places.get(file)?.has(decodeURIComponent(hash));
      return known ? [] : [`${page}: ${path}#${hash}`];
    }),
  );
}

/** The pages of a built site, by path without ending. */
export function builtPages(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(
    files
      .filter((file) => file.endsWith(".html"))
      .map((file) => [file.replace(/\.html$/, ""), readFileSync(join(folder, file), "utf8")]),
  );
}
