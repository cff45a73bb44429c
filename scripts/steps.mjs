// Steps that quickstart, tests and continuous integration share. Plain Node, no packages: this runs before
// anything is installed.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Runs a command in the repository and shows its output. Returns the exit code. */
export function run(command, args, { env = {} } = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
    shell: process.platform === "win32",
  });
  if (result.error) console.error(`${command}: ${result.error.message}`);
  return result.status ?? 1;
}

/** Announces a step, runs it, and prints its duration. Ends the process if it fails. */
export function step(title, work) {
  const begun = Date.now();
  console.log(`\n== ${title}`);
  const code = work();
  if (code !== 0) {
    console.error(`\n"${title}" failed (exit code ${code}).`);
    process.exit(code);
  }
  console.log(`== ${title}: ${((Date.now() - begun) / 1000).toFixed(0)} s`);
}

export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`metalearn needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Installs the packages of the lock file, with the pnpm version that package.json names. */
export function install() {
  step("Install packages", () =>
    run("npx", ["--yes", manifest.packageManager, "install", "--frozen-lockfile"], {
      // Answers pnpm's questions, because nobody is there to answer in continuous integration.
      env: { CI: "true" },
    }),
  );
}

/** Compiles all packages; takes a second when nothing has changed. */
export function build() {
  const node = (script, ...args) => run(process.execPath, [join(root, script), ...args]);
  step(
    "Build",
    () =>
      node("node_modules/typescript/bin/tsc", "--build", "tsconfig.build.json") ||
      node("scripts/documentOptions.mjs") ||
      node("packages/runtime-tensorflow/scripts/bundleKernels.mjs"),
  );
}

/** Installs the native engine, and returns true if it exists. Without it, everything runs on WebAssembly. */
export function setupEngine() {
  console.log("\n== Native engine");
  if (metalearn(["setup"]) === 0) return true;
  console.log(
    "Going on without the native engine: the WebAssembly engine is used, which is slower.",
  );
  return false;
}

/** Runs the metalearn command. */
export function metalearn(args) {
  return run(process.execPath, [join(root, "packages/cli/bin/metalearn.js"), ...args]);
}
