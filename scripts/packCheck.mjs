// `npm run pack:check -- FOLDER [flags of metalearn pack]`: packs metalearn with its tests and benchmarks,
// for a machine with a GPU and without network. There: check/run --out FOLDER --shared FOLDER.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build, metalearn, root } from "./steps.mjs";

const work = mkdtempSync(join(tmpdir(), "metalearn-check-"));
const check = join(work, "check");
build();

const tracked = execFileSync(
  "git",
  ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
  {
    cwd: root,
    encoding: "utf8",
  },
);
// Leaves out pages and pictures, and files that only a checkout uses.
const wanted = /^(packages|test|bench|scripts|[^/]+\.(ts|json)$)/;
const unneeded = /\.(md|svg)$|^bench\/[^/]+\.json$/;
for (const path of tracked.split("\0")) {
  if (path === "" || !wanted.test(path) || unneeded.test(path)) continue;
  mkdirSync(dirname(join(check, path)), { recursive: true });
  cpSync(join(root, path), join(check, path));
}
// Built files: the command, and the kernels that the engine loads.
mkdirSync(join(check, "node_modules/@metalearn"), { recursive: true });
for (const name of readdirSync(join(root, "packages"))) {
  for (const built of ["dist", "kernels"].map((folder) => join("packages", name, folder))) {
    if (!existsSync(join(root, built))) continue;
    const filter = (path) => !path.endsWith(".map");
    cpSync(join(root, built), join(check, built), { recursive: true, filter });
  }
  symlinkSync(`../../packages/${name}`, join(check, "node_modules/@metalearn", name));
}
const run = `#!/bin/sh
case $0 in */*) home=$(cd -- "\${0%/*}/.." && pwd) ;; *) home=$(cd .. && pwd) ;; esac
METALEARN_CACHE=$home/cache
export METALEARN_CACHE
exec "$home/bin/node" "$home/check/scripts/deviceCheck.mjs" "$@"
`;
writeFileSync(join(check, "run"), run, { mode: 0o755 });
const packages = ["vitest", "tsx", "vite"].flatMap((name) => ["--package", name]);
process.exitCode = metalearn(["pack", ...process.argv.slice(2), "--include", check, ...packages]);
rmSync(work, { recursive: true });
