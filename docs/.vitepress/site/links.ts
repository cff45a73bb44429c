import { relative } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { follow, root } from "./pages.js";
import { pathInRepository, repositoryUrl } from "./repository.js";

/**
 * Links are written as GitHub follows them: from file to file, and with the repository's address in READMEs of packages,
 * which npm shows alone. On the site, those to a page lead to that
 * page, and those to sources to the repository.
 */
export function siteLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push("site-links", ({ tokens, env }) => {
    if (env.path === undefined) return; // text of a front matter, which has no links
    const from = relative(root, env.realPath ?? env.path);
    for (const { children } of tokens) {
      for (const [index, token] of (children ?? []).entries()) {
        if (token.type !== "link_open") continue;
        const href = urlOf(from, token.attrGet("href") ?? "");
        if (href !== undefined) {
          token.attrSet("href", href);
          continue;
        }
        const close = children?.slice(index).find(({ type }) => type === "link_close");
        for (const end of [token, close]) if (end) end.tag = "span";
        token.attrs = [];
      }
    }
  });
}

/** Where a link leads on the site; nothing when it cannot be shown there. */
function urlOf(source: string, link: string): string | undefined {
  const inRepository = pathInRepository(link);
  const [from, href] = inRepository === undefined ? [source, link] : ["README.md", inRepository];
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const { path = "", rest = "" } = /^(?<path>[^?#]*)(?<rest>.*)$/.exec(href)?.groups ?? {};
  const target = follow(from, path);
  if (target.kind === "page") return `/${target.page}${rest}`;
  if (target.kind === "unmeasured" || repositoryUrl === undefined) return undefined;
  return `${repositoryUrl}/blob/HEAD/${target.path}${rest}`;
}
