// `npm run docs`: builds the documentation site into docs/.vitepress/dist. `npm run docs -- dev` serves it
// while you write, `-- preview` serves the built site; other arguments are passed to VitePress.
import { join } from "node:path";
import { build, requireNode, root, run, step } from "./steps.mjs";

const given = process.argv.slice(2);
const [command, args] =
  given[0]?.startsWith("-") === false ? [given[0], given.slice(1)] : ["build", given];
const tool = (path, ...rest) => run(process.execPath, [join(root, "node_modules", path), ...rest]);

requireNode();
if (command !== "preview") {
  build(); // pages of options and commands are generated from the packages' schemas and help
  step("Write the API pages", () =>
    tool("typedoc/bin/typedoc", "--options", "docs/.vitepress/typedoc/typedoc.json"),
  );
}
step("Documentation site", () => tool("vitepress/bin/vitepress.js", command, "docs", ...args));
