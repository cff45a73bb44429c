import { isMetaError, printable } from "@metalearn/core";
import { isWrongInput } from "@metalearn/core/runs";
import { failed, interrupted, wrongInput } from "./exitCodes.js";
import { paint } from "./paint.js";

/**
 * Prints an error with what to do about it, and returns the exit code. Errors that metalearn did not foresee
 * are defects, and are printed with their stack.
 */
export function printError(error: unknown, verbose: boolean): number {
  if (!(isMetaError(error) || isSystemError(error))) {
    console.error(paint("red", "This should not have happened:", process.stderr), error);
    return failed;
  }
  const code = exitCode(error);
  console.error(
    paint(code === interrupted ? "yellow" : "red", printable(error.message), process.stderr),
  );
  // The author of a plugin looks for its line.
  const isOfPlugin = isMetaError(error) && error.code === "PLUGIN_FAILED";
  if (verbose || isOfPlugin) console.error(isOfPlugin && !verbose ? error.cause : error);
  return code;
}

function exitCode(error: Error): number {
  if (isMetaError(error) && error.code === "INTERRUPTED") return interrupted;
  return isWrongInput(error) ? wrongInput : failed;
}

/**
 * True for errors of the operating system (full disk, missing permission): `EACCES: permission denied, mkdir
 * '/runs'`.
 */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
