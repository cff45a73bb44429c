import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What a package.json tells of a package. */
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

/** A package and where it lies. */
export interface InstalledPackage {
  /** Absolute. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The package.json of a folder, if it has one that names a package. */
export function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Partial<Manifest>;
    return typeof manifest.name === "string" ? { ...manifest, name: manifest.name } : undefined;
  } catch {
    return undefined; // not JSON: whoever needs the package fails in a way that says more
  }
}

/** The package to which a file belongs. */
export function packageOf(file: string): InstalledPackage | undefined {
  for (const folder of foldersAbove(file)) {
    const manifest = readManifest(folder);
    if (manifest) return { folder, manifest };
  }
  return undefined;
}

/** A package as `import` finds it from within `folder`. */
export function findPackage(name: string, folder: string): InstalledPackage | undefined {
  for (const parent of foldersAbove(join(folder, "package.json"))) {
    const found = join(parent, "node_modules", name);
    const manifest = readManifest(found);
    if (manifest) return { folder: found, manifest };
  }
  return undefined;
}

/** The folders that hold a file, from its own upwards. */
export function foldersAbove(file: string): string[] {
  const folder = dirname(file);
  return folder === file ? [] : [folder, ...foldersAbove(folder)];
}
