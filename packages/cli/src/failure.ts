import { type ErrorCode, isMetaError } from "@metalearn/core";
import { failed, interrupted, wrongInput } from "./exitCodes.js";
import { paint } from "./paint.js";

/** What ends with another code than 1. */
const exitCodes: Partial<Record<ErrorCode, number>> = {
  BAD_CHECKPOINT: wrongInput,
  BAD_CONFIG: wrongInput,
  BAD_DATA: wrongInput,
  BAD_OPTION: wrongInput,
  DUPLICATE_NAME: wrongInput,
  INTERRUPTED: interrupted,
  MISSING_FILE: wrongInput,
  MISSING_PEER: wrongInput,
  MISSING_PLUGIN: wrongInput,
  RUN_EXISTS: wrongInput,
  SHAPE_MISMATCH: wrongInput,
  UNKNOWN_NAME: wrongInput,
  WRONG_VERSION: wrongInput,
};

/**
 * Prints an error the way a user can act on it, and returns the exit code. Errors that metalearn
 * did not foresee show their origin, because they are defects.
 */
export function report(error: unknown, verbose: boolean): number {
  if (!(isMetaError(error) || isSystemError(error))) {
    console.error(paint("red", "This should not have happened:", process.stderr), error);
    return failed;
  }
  const code = isMetaError(error) ? (exitCodes[error.code] ?? failed) : failed;
  console.error(paint(code === interrupted ? "yellow" : "red", error.message, process.stderr));
  if (verbose) console.error(error);
  return code;
}

/** A full disk, a folder without permission and the like: `EACCES: permission denied, mkdir '/runs'`. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
