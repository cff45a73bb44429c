import { readFile } from "node:fs/promises";
import { emptyProject } from "@metalearn/test-support/project";
import { expect, test } from "vitest";
import * as cli from "../src/index.js";

const page = new URL("../../../docs/from-code.md", import.meta.url);

/** Commands listed in a help text; those with subcommands take no argument. */
function commandsOf(help: string): string[] {
  const [, list = ""] = help.split("Commands:\n");
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].flatMap(([, name]) =>
    name === undefined || name === "help" ? [] : [name],
  );
}

test("every command has a row that says which function does its work", async () => {
  const project = await emptyProject();
  const help = async (...path: string[]) =>
    commandsOf((await project.metalearn([...path, "--help"])).stdout);
  const all = await Promise.all(
    (await help()).map(async (name) => {
      const inner = await help(name);
      return inner.length > 0 ? inner.map((part) => `${name} ${part}`) : [name];
    }),
  );
  const text = await readFile(page, "utf8");
  const rows = [...text.matchAll(/^\| (?:\[([a-z ]+)\]|([a-z ]+[a-z]))/gm)].map(
    ([, linked, plain]) => linked ?? plain,
  );
  expect(rows).toEqual(expect.arrayContaining(all.flat()));
});

test("what the page says is in this package is there", async () => {
  const text = await readFile(page, "utf8");
  const rows = [...text.matchAll(/^\|.*?\| (.*?) +\| `@metalearn\/cli` +\|$/gm)];
  const names = rows.flatMap(([, functions = ""]) =>
    [...functions.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(names.length).toBeGreaterThan(5);
  expect(Object.keys(cli)).toEqual(expect.arrayContaining(names));
});
