import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { root } from "./pages.js";

const folder = join(root, "docs/api");

/** The kinds of exports as TypeDoc names their folders, in the order in which they are shown. */
const kinds = ["functions", "classes", "interfaces", "type-aliases", "variables"];

/** The modules with their exports, as TypeDoc has written them; nothing before it has. */
export function apiSidebar(): DefaultTheme.SidebarItem[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("/index.md"))
    .map((file) => file.replace("/index.md", ""))
    .sort()
    .map((module) => ({
      text: module,
      link: `/api/${module}/`,
      collapsed: true,
      items: kinds.flatMap((kind) => exportsOf(module, kind)),
    }));
}

function exportsOf(module: string, kind: string): DefaultTheme.SidebarItem[] {
  const path = join(folder, module, kind);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .map((file) => file.replace(".md", ""))
    .sort()
    .map((name) => ({ text: name, link: `/api/${module}/${kind}/${name}` }));
}
