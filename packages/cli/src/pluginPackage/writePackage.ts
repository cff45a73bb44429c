import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MetaError } from "@metalearn/core";
import type { PluginKind } from "./kinds.js";
import { capitalized, factoryName, type PluginNames } from "./names.js";
import { packageJson } from "./packageJson.js";

const templates = join(import.meta.dirname, "../../templates");

/** Texts that the README of every kind shares. */
const usageFile = "usage.md";

/** A template's file: its path in the package, and its text. */
interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Writes a plugin's package from the templates of its kind.
 *
 * @param folder new or empty
 * @throws MetaError `BAD_OPTION` when the folder is not empty; nothing is written then
 */
export async function writePackage(
  folder: string,
  kind: PluginKind,
  names: PluginNames,
): Promise<void> {
  await requireEmpty(folder);
  const own = await readTemplates(kind);
  const files = [...(await readTemplates("common")), ...own];
  const usage = own.find(({ path }) => path === usageFile)?.text.trimEnd() ?? "";
  const sources = own.flatMap(({ path, text }) => (path.endsWith(".ts") ? text : []));
  const factory = factoryName(names.component, kind, sources);
  const values = new Map([
    ["package", names.package],
    ["component", names.component],
    ["factory", factory],
    ["Factory", capitalized(factory)],
  ]);
  // Placeholders are `__factory__` in code, so that templates compile, and `{{package}}` in prose, where
  // underscores would be bold.
  const fill = (text: string) =>
    text
      .replace("{{usage}}", () => usage)
      .replaceAll(
        /__([a-zA-Z]+)__|\{\{([a-z]+)\}\}/g,
        (token, inCode, inProse) => values.get(inCode ?? inProse) ?? token,
      );
  for (const { path, text } of files) {
    if (path === usageFile) continue;
    // npm omits files called .gitignore from packages, and so from this one.
    await write(join(folder, path === "gitignore" ? ".gitignore" : fill(path)), fill(text));
  }
  const manifest = packageJson(names.package, kind);
  await write(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function readTemplates(name: string): Promise<TemplateFile[]> {
  const folder = join(templates, name);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.flatMap((entry) =>
    entry.isFile() ? join(entry.parentPath, entry.name).slice(folder.length + 1) : [],
  );
  return Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(folder, path), "utf8") })),
  );
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") return [folder];
    throw error;
  });
  if (entries.length === 0) return;
  throw new MetaError(
    "BAD_OPTION",
    `${folder} exists already, and is not empty. Name another folder with --directory.`,
  );
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text, { flag: "wx" });
}
