/** Codes of the errors that a user can act on. Codes are stable; messages may change. */
export type ErrorCode =
  | "BAD_CHECKPOINT"
  | "BAD_CONFIG"
  | "BAD_DATA"
  | "BAD_OPTION"
  | "DISK_FULL"
  | "DUPLICATE_NAME"
  | "ENGINE_UNAVAILABLE"
  | "INTERRUPTED"
  | "LAUNCH_FAILED"
  | "MISSING_FILE"
  | "MISSING_PEER"
  | "MISSING_PLUGIN"
  | "NON_FINITE"
  | "NOT_COMPILABLE"
  | "NOT_DIFFERENTIABLE"
  | "PLUGIN_FAILED"
  | "RUNS_FAILED"
  | "RUN_EXISTS"
  | "RUN_LOCKED"
  | "SHAPE_MISMATCH"
  | "TRACKER_FAILED"
  | "UNKNOWN_NAME"
  | "UNTRUSTED_PLUGIN"
  | "WRITE_FAILED"
  | "WRONG_DERIVATIVE"
  | "WRONG_VERSION";

/**
 * The error class of metalearn. A message says what was expected, what was given, and what to do.
 *
 * @example
 * throw new MetaError("BAD_OPTION", "microBatch: expected a whole number of at least 1, got 0.");
 */
export class MetaError extends Error {
  readonly code: ErrorCode;
  /** The message without the code. */
  readonly detail: string;

  constructor(code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(`[${code}] ${detail}`, options);
    this.name = "MetaError";
    this.code = code;
    this.detail = detail;
  }
}

const inputCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BAD_CHECKPOINT",
  "BAD_CONFIG",
  "BAD_DATA",
  "BAD_OPTION",
  "DUPLICATE_NAME",
  "MISSING_FILE",
  "MISSING_PEER",
  "MISSING_PLUGIN",
  "NOT_DIFFERENTIABLE",
  "RUN_EXISTS",
  "SHAPE_MISMATCH",
  "UNKNOWN_NAME",
  "UNTRUSTED_PLUGIN",
  "WRONG_DERIVATIVE",
  "WRONG_VERSION",
]);

/** True if wrong input caused an error: a command line, config, model, data or checkpoint. */
export function isWrongInput(error: unknown): boolean {
  return isMetaError(error) && inputCodes.has(error.code);
}

/** True for a {@link MetaError}, also one from another copy of core, as a linked plugin may have. */
export function isMetaError(error: unknown): error is MetaError {
  return error instanceof Error && error.name === "MetaError" && "code" in error;
}

/** Message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
