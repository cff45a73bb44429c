import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { fileOf, root, titleOf } from "./pages.js";
import { referencePages } from "./reference.js";

/** Pages in the order of reading; those that do not exist are left out. */
const groups: Readonly<Record<string, readonly string[]>> = {
  Start: ["get-started", "concepts", "examples"],
  Guides: [
    "guides/experimenter",
    "guides/composer",
    "from-code",
    "generation",
    "guides/author",
    "plugins",
    "architectures",
    "cuda",
    "troubleshooting",
  ],
  "Coming from": ["coming-from-learn2learn", "coming-from-metaicl"],
  Background: [
    "architecture",
    "second-order",
    "second-order-operations",
    "performance",
    "results",
    "overhead",
    "contributing",
  ],
};

/** The sidebar, the same on all pages. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  const { Background, ...before } = groups;
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
  return [
    ...Object.entries(before).map(([text, pages]) => group(text, pages)),
    { text: "Reference", collapsed: false, items: [...referenceItems(), apiItem] },
    group("Packages", packages, true),
    group("Background", Background ?? []),
  ];
}

const apiItem = { text: "API", link: "/api/" };

function referenceItems(): DefaultTheme.SidebarItem[] {
  return referencePages.map(({ page, title }) => ({ text: title, link: `/reference/${page}` }));
}

function group(
  text: string,
  pages: readonly string[],
  collapsed = false,
): DefaultTheme.SidebarItem {
  const items = pages.flatMap((page) => {
    const file = fileOf(page);
    if (file === undefined) return [];
    return [{ text: titleOf(file).replace(/^(@metalearn\/|Coming from )/, ""), link: `/${page}` }];
  });
  return { text, collapsed, items };
}
