import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { root } from "./pages.js";

const folder = join(root, "docs/api");

/**
 * The modules that TypeDoc has written pages of; nothing before it has. Their exports are on the page of
 * each: hundreds of links on every page would make the site fifty times as large.
 */
export function apiSidebar(): DefaultTheme.SidebarItem[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("/index.md"))
    .map((file) => file.replace("/index.md", ""))
    .sort()
    .map((module) => ({ text: module, link: `/api/${module}/` }));
}
