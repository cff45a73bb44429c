import { CommanderError } from "commander";
import { wrongInput } from "./exitCodes.js";
import { describeProgram, type GlobalFlags } from "./program.js";

/**
 * Runs the command line and returns the exit code: 0 for success, 2 for wrong input, 130 when the user
 * interrupted, 1 for any other error.
 */
export async function main(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", ignoreClosedPipe).on("error", ignoreClosedPipe); // once, however often called
  }
  const program = describeProgram();
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : wrongInput;
    // Imported late, so that help is quick.
    const { printError } = await import("./failure.js");
    return printError(error, program.opts<GlobalFlags>().verbose ?? false);
  }
}

/** Ignores a reader, such as `head`, that closes the pipe before the work ends. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
