import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../packages");

/** The folders of `packages` that are published: all but private ones. */
export const publishedPackages: readonly string[] = readdirSync(folder).filter(
  (name) => !JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).private,
);
