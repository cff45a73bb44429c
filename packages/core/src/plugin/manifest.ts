import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Fields of a package.json. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** An installed package. */
export interface InstalledPackage {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Reads the package.json of a folder; nothing if there is none that names a package. */
export function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Partial<Manifest>;
    return typeof manifest.name === "string" ? { ...manifest, name: manifest.name } : undefined;
  } catch {
    return undefined; // not JSON: importing the package gives a better error
  }
}

/** Finds the package that a file belongs to. */
export function packageOf(file: string): InstalledPackage | undefined {
  for (const folder of foldersAbove(file)) {
    const manifest = readManifest(folder);
    if (manifest) return { folder, manifest };
  }
  return undefined;
}

/** Finds a package as `import` does from a file in `folder`. */
export function findPackage(name: string, folder: string): InstalledPackage | undefined {
  for (const parent of foldersAbove(join(folder, "package.json"))) {
    const found = join(parent, "node_modules", name);
    const manifest = readManifest(found);
    if (manifest) return { folder: found, manifest };
  }
  return undefined;
}

/** Lists the folders above a file, its own first. */
export function foldersAbove(file: string): string[] {
  const folder = dirname(file);
  return folder === file ? [] : [folder, ...foldersAbove(folder)];
}
