import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describeProgram } from "@metalearn/cli";
import { createToolkit, loadPlugins } from "@metalearn/core/runs";
import { commandsPage } from "../.vitepress/site/commands.js";
import { componentsPage, configPage } from "../.vitepress/site/options.js";
import { root } from "../.vitepress/site/pages.js";
import { referencePages } from "../.vitepress/site/reference.js";

/** The pages of options and commands, as the plugins and the command line describe themselves. */
export default {
  async paths() {
    const toolkit = createToolkit(await loadPlugins(workspacePlugins()));
    return referencePages.map(({ page, title, kind, plugin }) => {
      const content =
        kind !== undefined
          ? componentsPage(toolkit, kind, plugin)
          : page === "config"
            ? configPage(toolkit)
            : commandsPage(describeProgram());
      return { params: { page }, content: `# ${title}\n\n${content}` };
    });
  },
};

/** The packages of the workspace that are plugins. */
function workspacePlugins(): string[] {
  return readdirSync(join(root, "packages"))
    .filter((name) => readdirSync(join(root, "packages", name, "src")).includes("plugin.ts"))
    .map((name) => `@metalearn/${name}`);
}
