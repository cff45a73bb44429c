import { satisfies, validRange } from "semver";
import { MetaError } from "../errors.js";
import { findPackage, type InstalledPackage, packageOf } from "./manifest.js";

/** This package. */
const core = packageOf(import.meta.filename) as InstalledPackage;

/**
 * Checks the peer dependencies of a plugin: this version of core, and others.
 *
 * @throws MetaError `WRONG_VERSION` for a peer whose version is outside of the range; `MISSING_PEER` for
 *   one that is not installed
 */
export function requirePeers({ folder, manifest }: InstalledPackage): void {
  const { name, version, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const plugin = `Plugin "${name}"${version === undefined ? "" : ` ${version}`}`;
  for (const [peer, range] of Object.entries(peerDependencies)) {
    const found = peer === core.manifest.name ? core.manifest : findPackage(peer, folder)?.manifest;
    if (!found) {
      if (peerDependenciesMeta[peer]?.optional) continue;
      throw new MetaError(
        "MISSING_PEER",
        `${plugin} needs ${peer} ${range}, which is not installed. Try: npm install "${peer}@${range}"`,
      );
    }
    // In a workspace, ranges such as "workspace:*" are not versions.
    if (validRange(range) === null || found.version === undefined) continue;
    if (satisfies(found.version, range, { includePrerelease: true })) continue;
    throw new MetaError(
      "WRONG_VERSION",
      `${plugin} is built for ${peer} ${range}, but ${found.version} is installed. Install a version of ${name} for ${peer} ${found.version}, or: npm install "${peer}@${range}"`,
    );
  }
}
