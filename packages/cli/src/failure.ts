import { MetaError } from "@metalearn/core";
import { paint } from "./paint.js";

/**
 * Prints an error the way a user can act on it, and returns the exit code. Errors that metalearn
 * did not foresee show their origin, because they are defects.
 */
export function report(error: unknown, verbose: boolean): number {
  if (!(error instanceof MetaError)) {
    console.error(paint("red", "This should not have happened:"), error);
    return 1;
  }
  const interrupted = error.code === "INTERRUPTED";
  console.error(paint(interrupted ? "yellow" : "red", error.message));
  if (verbose) console.error(error);
  return interrupted ? 130 : 1;
}
