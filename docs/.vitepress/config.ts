import { defineConfig } from "vitepress";
import { builtPages, deadAnchors } from "./site/anchors.js";
import { apiSidebar } from "./site/apiSidebar.js";
import { inlineFigures } from "./site/figures.js";
import { anchorOf } from "./site/headings.js";
import { siteLinks } from "./site/links.js";
import { otherMarkdown, pageOf } from "./site/pages.js";
import { repositoryUrl } from "./site/repository.js";
import { searchBoost } from "./site/searchBoost.js";
import { sidebar } from "./site/sidebar.js";

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3451b2"/><path d="M7 23Q12 10 18 13T25 9" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>';

// The source is the whole repository, so that READMEs are pages as they are.
export default defineConfig({
  title: "metalearn",
  description: "Meta-learning for language models, in TypeScript",
  srcDir: "..",
  srcExclude: otherMarkdown,
  rewrites: (file) => `${pageOf(file) ?? file.replace(/\.md$/, "")}.md`,
  cleanUrls: true,
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  vite: { build: { chunkSizeWarningLimit: 2_000 } }, // the index of the search, which is loaded when it is used
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    anchor: { slugify: anchorOf },
    config(markdown) {
      siteLinks(markdown);
      inlineFigures(markdown);
    },
  },
  themeConfig: {
    nav: [
      { text: "Get started", link: "/get-started" },
      { text: "Concepts", link: "/concepts" },
      { text: "Config", link: "/reference/config" },
      { text: "API", link: "/api/" },
    ],
    sidebar: { "/": sidebar(), "/api/": [{ text: "API", items: apiSidebar() }] },
    outline: [2, 3],
    search: {
      provider: "local",
      options: { miniSearch: { searchOptions: { boostDocument: searchBoost } } },
    },
    ...(repositoryUrl && { socialLinks: [{ icon: "github", link: repositoryUrl }] }),
  },
  buildEnd({ outDir, site }) {
    const dead = deadAnchors(builtPages(outDir), site.base);
    if (dead.length > 0) throw new Error(`Links to places that are not there:\n${dead.join("\n")}`);
  },
});
