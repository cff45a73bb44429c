import { existsSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { root } from "./pages.js";

/**
 * Drawings in `docs/figures` become part of the page, so that they take its colours, light or dark. A
 * figure that a benchmark has yet to draw is left out, with its text in its place.
 */
export function inlineFigures(markdown: MarkdownRenderer): void {
  const asImage = markdown.renderer.rules.image;
  markdown.renderer.rules.image = (tokens, index, options, env, self) => {
    const token = tokens[index];
    const from = relative(root, env.realPath ?? env.path);
    const path = posix.join(posix.dirname(from), token?.attrGet("src") ?? "");
    if (path.endsWith(".svg") && !existsSync(join(root, path))) {
      return `<em>Not drawn yet: ${markdown.utils.escapeHtml(token?.content ?? "")}</em>`;
    }
    if (!isDrawing(path)) return asImage?.(tokens, index, options, env, self) ?? "";
    return drawing(readFileSync(join(root, path), "utf8"), token?.content ?? "", markdown);
  };
}

/** Whether a picture is one of our drawings, in the colours that the site knows. */
function isDrawing(path: string): boolean {
  return (
    path.startsWith("docs/figures/") &&
    path.endsWith(".svg") &&
    readFileSync(join(root, path), "utf8").includes('class="drawing"')
  );
}

/** An SVG to stand in a page: without the colours that it has on its own. */
function drawing(svg: string, text: string, { utils }: MarkdownRenderer): string {
  return svg
    .trim()
    .replace(/<(style|title)>.*?<\/\1>\s*/gs, "")
    .replace("<svg ", `<svg v-pre role="img" aria-label="${utils.escapeHtml(text)}" `)
    .replace(/\n\s*/g, " ");
}
