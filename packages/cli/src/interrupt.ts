/**
 * Aborts a signal on Ctrl-C or SIGTERM, so that work can stop at a good point. A second Ctrl-C ends the
 * process at once.
 *
 * @returns the signal, and a function that removes the handlers
 */
export function onInterrupt(announce: (message: string) => void): {
  signal: AbortSignal;
  release: () => void;
} {
  const controller = new AbortController();
  const listener = () => {
    if (controller.signal.aborted) process.exit(130);
    announce("Stopping after this step. Press Ctrl-C again to stop at once.");
    controller.abort();
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", listener);
      process.off("SIGTERM", listener);
    },
  };
}
