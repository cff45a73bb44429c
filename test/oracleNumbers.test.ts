import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { committed } from "./support/golden.js";

const root = join(import.meta.dirname, "..");
const oracle = join(root, "test/oracle");

const paths = readdirSync(committed.folder, { recursive: true, encoding: "utf8" })
  .map((path) => join(committed.folder, path))
  .filter((path) => statSync(path).isFile());

/** The files that the oracle's programs write, but for checkpoints. */
const files = paths
  .filter((path) => path.endsWith(".json") && basename(path) !== "config.json")
  .map((path) => ({ path, json: JSON.parse(readFileSync(path, "utf8")) }));

test("all reference numbers are of the versions that the oracle's README names", () => {
  const table = readFileSync(join(oracle, "README.md"), "utf8").split("## Versions")[1] ?? "";
  const rows = [...table.matchAll(/^\| (\w+) +\| ([\d.]+) +\|$/gm)];
  const versions = Object.fromEntries(rows.map(([, name, version]) => [name, version]));
  const { python, ...packages } = versions;
  expect(python).toBeDefined();
  const required = readFileSync(join(oracle, "requirements.txt"), "utf8").trim().split("\n");
  expect(Object.fromEntries(required.map((line) => line.split("==")))).toEqual(packages);
  expect(files.length).toBeGreaterThan(0);
  // Each file names the packages that its numbers come from.
  for (const { path, json } of files) {
    expect(Object.keys(json.versions), path).not.toEqual([]);
    expect(versions, path).toMatchObject(json.versions);
  }
});

test("no tensors are missing, and none are left over", () => {
  const named = files.flatMap(({ path, json }) =>
    json.safetensors ? [join(dirname(path), json.safetensors.file)] : [],
  );
  const checkpoints = paths
    .filter((path) => basename(path) === "config.json")
    .map((path) => join(dirname(path), "model.safetensors"));
  const stored = paths.filter((path) => path.endsWith(".safetensors"));
  expect(stored.toSorted()).toEqual([...checkpoints, ...named].toSorted());
});

test("the numbers stay small", () => {
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  expect(bytes).toBeLessThan(3.5e6);
});

test("CONTRIBUTING names every test file that needs the shared folder, and no other", () => {
  const folders = ["test", ...readdirSync(join(root, "packages")).map((p) => `packages/${p}/test`)];
  const using = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) =>
        join(folder, path),
      ),
    )
    .filter((path) => path.endsWith(".test.ts"))
    .filter((path) => /support\/shared(\.js)?"/.test(readFileSync(join(root, path), "utf8")));
  const [, section = ""] = readFileSync(join(root, "CONTRIBUTING.md"), "utf8").split(
    "## Tests that need more than the repository",
  );
  const listed = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `([^`]+\.test\.ts)`/gm)];
  expect(listed.map(([, path]) => path).toSorted()).toEqual(using.toSorted());
});
