import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { describe, expect, test } from "vitest";
import { publishedPackages } from "./support/publishedPackages.js";

const root = join(import.meta.dirname, "..");
const scope = "@metalearn/";

/**
 * Which workspace packages a package's sources may import: `cli -> core <- everything else`.
 * The command line loads plugins by the names in a config, never by import.
 */
const allowed: Record<string, readonly string[]> = {
  core: [],
  optimizers: ["core"],
  adapters: ["core"],
  "algorithms-maml": ["core"],
  // Fine-tuning takes MAML's inner steps.
  "algorithms-metaicl": ["core", "algorithms-maml"],
  "language-models": ["core"],
  "models-gpt2": ["core", "language-models"],
  "models-llama": ["core", "language-models"],
  "models-mlp": ["core"],
  "datasets-crossfit": ["core"],
  "datasets-synthetic": ["core"],
  "launchers-local": ["core"],
  "launchers-slurm": ["core"],
  "runtime-tensorflow": ["core"],
  trackers: ["core"],
  cli: ["core"],
  // For tests alone, which import it in all packages.
  "test-support": [],
};

const packages = readdirSync(join(root, "packages"));

function sources(...place: readonly string[]): { path: string; text: string }[] {
  const folder = join(root, ...place);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
}

function manifestOf(name: string): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
}

/** Module names in static and dynamic imports and re-exports. */
function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)import\s*["']([^"']+)["']/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** Import circles among files, each as the paths on it. */
function circlesIn(files: readonly { path: string; text: string }[]): string[] {
  const imports = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((module) => module.startsWith("."))
        .map((module) => join(dirname(path), module).replace(/\.js$/, ".ts")),
    ]),
  );
  const circles: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) circles.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || finished.has(path)) return;
    for (const imported of imports.get(path) ?? []) visit(imported, [...trail, path]);
    finished.add(path);
  };
  for (const { path } of files) visit(path, []);
  return circles;
}

test("circles are found", () => {
  const files = [
    { path: "a.ts", text: 'import type { B } from "./b/b.js";' },
    { path: "b/b.ts", text: 'export { c } from "../c.js";' },
    { path: "c.ts", text: 'import { a } from "./a.js";' },
  ];
  expect(circlesIn(files)).toEqual(["a.ts -> b/b.ts -> c.ts -> a.ts"]);
  expect(circlesIn(files.slice(1))).toEqual([]);
});

test("every package has a rule", () => {
  expect(packages.toSorted()).toEqual(Object.keys(allowed).sort());
});

test("the drawing of the packages has all of them", () => {
  const drawing = readFileSync(join(root, "docs/figures/packages.svg"), "utf8");
  const names = [...drawing.matchAll(/<text [^>]*>([a-z0-9-]+)<\/text>/g)].map(([, name]) => name);
  expect(names.filter((name) => name !== "import").sort()).toEqual(publishedPackages.toSorted());
});

test.each(["test", "bench", "examples"])("%s imports packages by name, never by path", (folder) => {
  const crossing = sources(folder)
    .filter(({ path }) => path !== "support/quiet.ts") // which says why
    .flatMap(({ path, text }) => importsOf(text).map((module) => `${path} imports ${module}`))
    .filter((line) => /\.\.\/packages\//.test(line));
  expect(crossing).toEqual([]);
});

describe.each(packages)("%s", (name) => {
  test("imports workspace packages in one direction only", () => {
    for (const { path, text } of sources("packages", name, "src")) {
      for (const module of importsOf(text)) {
        if (!module.startsWith(scope)) continue;
        const imported = module.slice(scope.length).split("/")[0];
        expect(allowed[name], `${path} imports ${module}`).toContain(imported);
      }
    }
  });

  test.each(["src", "test"])("crosses the border of %s by name, never by path", (folder) => {
    // Tests read the sources of their own package.
    const levels = folder === "src" ? 0 : 1;
    for (const { path, text } of sources("packages", name, folder)) {
      const depth = path.split("/").length - 1 + levels;
      for (const module of importsOf(text)) {
        const up = (module.match(/\.\.\//g) ?? []).length;
        expect(up, `${path} imports ${module}`).toBeLessThanOrEqual(depth);
      }
    }
  });

  test("has no import circle, of types either", () => {
    expect(circlesIn(sources("packages", name, "src"))).toEqual([]);
  });

  test("declares what it imports", () => {
    const manifest = manifestOf(name);
    const declared = new Set([
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
    ]);
    for (const { path, text } of sources("packages", name, "src")) {
      for (const module of importsOf(text)) {
        if (module.startsWith(".") || module.startsWith("node:")) continue;
        const parts = module.split("/");
        const wanted = module.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
        expect(declared, `${path} imports ${module}`).toContain(wanted);
      }
    }
  });
});

test.each(publishedPackages)("%s shares one engine: a peer, except of the command", (name) => {
  const field = name === "cli" ? "dependencies" : "peerDependencies";
  expect(manifestOf(name)[field]).toHaveProperty("@tensorflow/tfjs");
});
