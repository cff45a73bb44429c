import { spawnSync } from "node:child_process";
import { join } from "node:path";

/**
 * Compiles all packages before any test: the command line is tested as it is installed. Takes well
 * below a second when nothing has changed. Type errors are printed, and left to `tsc --noEmit`: the
 * compiler writes its output all the same.
 */
export default function build(): void {
  const root = join(import.meta.dirname, "../..");
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [compiler, "--build", "tsconfig.build.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status === null) throw new Error("The compiler did not run.");
}
