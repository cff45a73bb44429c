import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pages.js";

/** Where the sources can be read: what GitHub's runners say, else `repository` of package.json. */
export const repositoryUrl = ofRunner() ?? ofManifest();

function ofRunner(): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? `${server}/${name}` : undefined;
}

function ofManifest(): string | undefined {
  const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const url: string | undefined = repository?.url ?? repository;
  return url?.replace(/^git\+/, "").replace(/\.git$/, "");
}
