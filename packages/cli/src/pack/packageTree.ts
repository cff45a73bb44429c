import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { MetaError } from "@metalearn/core";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

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
  const expand = (place: string, directory: string) => {
    const added = dependencies(directory).flatMap(({ name, isOptional }) => {
      const found = locate(directory, name);
      if (!found && isOptional) return [];
      return put(placed, place, name, required(found, name, directory));
    });
    for (const [dependency, where] of added) expand(dependency, where);
  };
  const added = roots.flatMap(({ name, from }) =>
    put(placed, "", name, required(locate(from, name), name, from)),
  );
  for (const [place, directory] of added) expand(place, directory);
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
  directory: string,
): [place: string, directory: string][] {
  const visible = ancestors(place).map((parent) => join(parent, "node_modules", name));
  const known = visible.find((candidate) => placed.has(candidate));
  if (known !== undefined && placed.get(known) === directory) return [];
  const target = join(known === undefined ? "" : place, "node_modules", name);
  placed.set(target, directory);
  return [[target, directory]];
}

/** The folders in whose `node_modules` Node.js looks, from the nearest. */
function ancestors(place: string): string[] {
  const parents = place.split("/node_modules/");
  return [
    ...parents.map((_, i) => parents.slice(0, parents.length - i).join("/node_modules/")),
    "",
  ];
}

function dependencies(directory: string): { name: string; isOptional: boolean }[] {
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
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
function locate(from: string, name: string): string | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return realpathSync(candidate);
    if (directory === dirname(directory)) return undefined;
  }
}

function required(found: string | undefined, name: string, from: string): string {
  if (found !== undefined) return found;
  throw new MetaError(
    "MISSING_PEER",
    `The package "${name}" should be packed, but is not installed where ${from} would find it. Run \`npm install ${name}\`.`,
  );
}
