import { MetaError } from "@metalearn/core";
import { runCommand } from "../runCommand.js";

/** A C++ compiler: a program and its first parameters, as in `ccache g++`. */
export type Compiler = readonly [program: string, ...parameters: string[]];

/** Command that installs a compiler. */
export const installCompiler =
  process.platform === "darwin" ? "xcode-select --install" : "apt-get install g++";

/** Finds the C++ compiler to use, with its version: `$CXX` if set, else the first that runs. */
export async function findCompiler(): Promise<
  { readonly compiler: Compiler; readonly version: string } | undefined
> {
  const chosen = process.env.CXX?.trim().split(/\s+/);
  const candidates = chosen ? [chosen] : [["c++"], ["g++"], ["clang++"]];
  for (const [program, ...parameters] of candidates) {
    if (!program) continue;
    const { exitCode, stdout } = await runCommand(program, [...parameters, "--version"]);
    if (exitCode === 0) {
      return { compiler: [program, ...parameters], version: stdout.split("\n")[0] ?? "" };
    }
  }
  return undefined;
}

/** Returns the C++ compiler. @throws MetaError `ENGINE_UNAVAILABLE` when there is none */
export async function requireCompiler(): Promise<Compiler> {
  const found = await findCompiler();
  if (found) return found.compiler;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    process.env.CXX
      ? `The C++ compiler that CXX names, "${process.env.CXX}", does not run. Correct it, or unset it.`
      : `A C++17 compiler is needed to compile the addon, but c++, g++ and clang++ do not run. Install one: \`${installCompiler}\`.`,
  );
}
