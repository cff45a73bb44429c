import { CommanderError } from "commander";
import { failed, wrongInput } from "./exitCodes.js";
import { describeProgram, type GlobalFlags } from "./program.js";
import { handleStrayErrors } from "./strayErrors.js";
import { guardStreams } from "./streams.js";

/**
 * Runs the command line and returns the exit code: 0 for success, 2 for wrong input, 130 when the user
 * interrupted, 1 for any other error.
 */
export async function main(args: readonly string[]): Promise<number> {
  const streams = guardStreams(args.includes("--json"));
  const release = handleStrayErrors();
  try {
    const code = await carryOut(args);
    const lost = await streams.lost();
    if (!lost || code !== 0) return code;
    console.error(`Output was lost, because stdout cannot be written: ${lost.message}`);
    return failed;
  } finally {
    release();
    streams.release();
  }
}

async function carryOut(args: readonly string[]): Promise<number> {
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
