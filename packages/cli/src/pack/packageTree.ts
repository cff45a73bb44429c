import { realpathSync } from "node:fs";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { findPackage, type InstalledPackage, type Manifest } from "@metalearn/core/runs";

/** A package to pack, and the folder from which it is resolved. */
export interface PackageRoot {
  readonly name: string;
  readonly from: string;
}

/**
 * Packages that others need to run, each at a path where Node.js will find it: in one `node_modules`, or
 * nested in the package that asks for it where that has another version already.
 *
 * @returns folder of each package, by its path in the pack: `node_modules/zod`
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
 * Adds a package at a path where the one at `place` will find it, unless it finds it already.
 *
 * @returns the package as it was added, or undefined
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

/** Folders in whose `node_modules` Node.js looks, nearest first. */
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

/** Real folder (links resolved) of a package that is installed where `from` would find it. */
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
