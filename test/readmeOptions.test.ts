import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withOptionTables } from "../docs/.vitepress/site/readmeTables.js";
import { documents } from "./support/documents.js";
import { officialToolkit } from "./support/officialToolkit.js";

const read = (file: string) => readFileSync(join(import.meta.dirname, "..", file), "utf8");
const withTables = documents.filter((file) => read(file).includes("<!-- options: "));

test("READMEs have tables of options", () => {
  expect(withTables.length).toBeGreaterThanOrEqual(10);
});

test.each(withTables)("the tables of options in %s say what the schemas say", (file) => {
  const text = read(file);
  expect(text, "npm run docs:options writes them").toBe(withOptionTables(text, officialToolkit));
});

test("a table of several components says which of them have an option", () => {
  const table = withOptionTables(
    "<!-- options: optimizer sgd, adam, adamw -->\n<!-- /options -->",
    officialToolkit,
  ).replaceAll(/ +/g, " "); // columns are padded
  expect(table).toContain("| `clipNorm` | number > 0 |");
  expect(table).toContain("| `beta1` (`adam`, `adamw`) | number ≥ 0 and < 1 | `0.9` |");
  expect(table).toContain("| `momentum` (`sgd`) |");
});

test("a table that does not end is an error", () => {
  expect(() => withOptionTables("<!-- options: optimizer sgd -->\n", officialToolkit)).toThrow(
    "does not end",
  );
});
