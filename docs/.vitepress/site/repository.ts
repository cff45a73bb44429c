import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pages.js";

/** Where the sources can be read: what GitHub's runners say, else `repository` of package.json. */
export const repositoryUrl = ofRunner() ?? ofManifest();

/** What absolute links to files of the repository begin with: READMEs on npm need them. */
const filesUrl = `${ofManifest()}/blob/HEAD/`;

/** The path from the root, with query and hash, of an absolute link to a file of the repository. */
export function pathInRepository(href: string): string | undefined {
  return href.startsWith(filesUrl) ? href.slice(filesUrl.length) : undefined;
}

function ofRunner(): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  return server && name ? `${server}/${name}` : undefined;
}

function ofManifest(): string | undefined {
  const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const url: string | undefined = repository?.url ?? repository;
  return url?.replace(/^git\+/, "").replace(/\.git$/, "");
}
