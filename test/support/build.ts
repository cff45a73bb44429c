import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * Builds all packages before any test: the command line is tested as it is installed. Takes a second
 * when nothing has changed. Type errors are printed, and left to `tsc --noEmit`: the compiler writes
 * its output all the same.
 */
export default function build(): void {
  const script = join(import.meta.dirname, "../../scripts/build.mjs");
  const { status } = spawnSync(process.execPath, [script], { stdio: "inherit" });
  if (status === null) throw new Error("The build did not run.");
}
