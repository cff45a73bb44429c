// `npm run docs:options`: writes the tables of options in the READMEs of packages, from the schemas.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withOptionTables } from "../docs/.vitepress/site/readmeTables.js";
import { officialToolkit } from "../test/support/officialToolkit.js";
import { publishedPackages } from "../test/support/publishedPackages.js";

const packages = join(import.meta.dirname, "../packages");
for (const name of publishedPackages) {
  const file = join(packages, name, "README.md");
  const before = readFileSync(file, "utf8");
  const after = withOptionTables(before, officialToolkit);
  if (after === before) continue;
  writeFileSync(file, after);
  console.log(`packages/${name}/README.md`);
}
