/** Everything that can go wrong in a way a user can mend. The words are stable; the texts may change. */
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
  | "RUNS_FAILED"
  | "RUN_EXISTS"
  | "RUN_LOCKED"
  | "SHAPE_MISMATCH"
  | "TRACKER_FAILED"
  | "UNKNOWN_NAME"
  | "UNTRUSTED_PLUGIN"
  | "WRONG_DERIVATIVE"
  | "WRONG_VERSION";

/**
 * The one error class of metalearn. A message says what was expected, what it got, and what to do.
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

/** Whether what was given is to blame: a command line, a config, a model, data or a checkpoint. */
export function isWrongInput(error: unknown): boolean {
  return isMetaError(error) && inputCodes.has(error.code);
}

/** Whether this is an error of metalearn, of a linked plugin's own copy of core included. */
export function isMetaError(error: unknown): error is MetaError {
  return error instanceof Error && error.name === "MetaError" && "code" in error;
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
