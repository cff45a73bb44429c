import { realpathSync } from "node:fs";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { findPackage, type InstalledPackage, type Manifest } from "@metalearn/core/runs";

/** A package that is wanted, and the folder from which it is looked for. */
export interface PackageRoot {
  readonly name: string;
  readonly from: string;
}

/**
 * The packages that others need to run, each where Node.js will find it: in one `node_modules`, and
 * beside the package that asks for it where another version is there already.
 *
 * @returns the folder of each package, by where it goes: `node_modules/zod`
 * @throws MetaError `MISSING_PEER` when one is not installed
 */
export function packageTree(roots: readonly PackageRoot[]): Map<string, string> {
  const placed = new Map<string, string>();
  const expand = (place: string, { folder, manifest }: InstalledPackage) => {
    const added = dependencies(manifest).flatMap(({ name, isOptional }) => {
      const found = locate(folder, name);
      if (!found && isOptional) return [];
      return put(placed, place, name, required(found, name, folder));
    });
    for (const [dependency, where] of added) expand(dependency, where);
  };
  const added = roots.flatMap(({ name, from }) =>
    put(placed, "", name, required(locate(from, name), name, from)),
  );
  for (const [place, found] of added) expand(place, found);
  return placed;
}

/**
 * Puts a package where the one at `place` will find it, unless it would already.
 *
 * @returns the package as it was put, or nothing
 */
function put(
  placed: Map<string, string>,
  place: string,
  name: string,
  found: InstalledPackage,
): [place: string, found: InstalledPackage][] {
  const visible = ancestors(place).map((parent) => join(parent, "node_modules", name));
  const known = visible.find((candidate) => placed.has(candidate));
  if (known !== undefined && placed.get(known) === found.folder) return [];
  const target = join(known === undefined ? "" : place, "node_modules", name);
  placed.set(target, found.folder);
  return [[target, found]];
}

/** The folders in whose `node_modules` Node.js looks, from the nearest. */
function ancestors(place: string): string[] {
  const parents = place.split("/node_modules/");
  return [
    ...parents.map((_, i) => parents.slice(0, parents.length - i).join("/node_modules/")),
    "",
  ];
}

function dependencies(manifest: Manifest): { name: string; isOptional: boolean }[] {
  const { optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter(
    (name) => !peerDependenciesMeta[name]?.optional,
  );
  const names = new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...peers,
    ...Object.keys(optionalDependencies),
  ]);
  return [...names].map((name) => ({ name, isOptional: name in optionalDependencies }));
}

/** The folder of a package that is installed where `from` would find it, without links. */
function locate(from: string, name: string): InstalledPackage | undefined {
  const found = findPackage(name, from);
  return found && { ...found, folder: realpathSync(found.folder) };
}

function required(
  found: InstalledPackage | undefined,
  name: string,
  from: string,
): InstalledPackage {
  if (found !== undefined) return found;
  throw new MetaError(
    "MISSING_PEER",
    `The package "${name}" should be packed, but is not installed where ${from} would find it. Run \`npm install ${name}\`.`,
  );
}
