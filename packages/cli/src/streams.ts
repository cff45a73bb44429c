import { pluginInCharge } from "@metalearn/core/inCharge";

let problem: Error | undefined;

/** A reader that closes the pipe early, such as `head`, is no error. */
function onStdoutError(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") problem ??= error;
}

/** Messages cannot be shown: the work matters more. */
function onStderrError(): void {}

/**
 * Guards the output of a command: errors of the streams, such as a full disk, do not end the work.
 *
 * @param isJson if true, what plugins print on stdout goes to stderr, so that JSON stays JSON
 * @returns `lost` tells by which error output on stdout was lost, if it was; `release` lets plugins print again
 */
export function guardStreams(isJson: boolean): {
  lost(): Promise<Error | undefined>;
  release(): void;
} {
  problem = undefined;
  // Once, however often called; they stay, because errors come late.
  process.stdout.off("error", onStdoutError).on("error", onStdoutError);
  process.stderr.off("error", onStderrError).on("error", onStderrError);
  const write = process.stdout.write;
  const guarded = ((...args: Parameters<typeof write>) =>
    pluginInCharge() === undefined
      ? write.apply(process.stdout, args)
      : process.stderr.write(...args)) as typeof write;
  if (isJson) process.stdout.write = guarded;
  return {
    async lost() {
      await new Promise(setImmediate); // errors of a stream are told in a later tick
      return problem;
    },
    release() {
      if (process.stdout.write === guarded) process.stdout.write = write;
    },
  };
}
