const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Aborts a signal on Ctrl-C, SIGTERM, or SIGHUP, as when the terminal is closed, so that work can stop at a good point
 * and write a checkpoint. A second one ends the process at once.
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
  for (const name of signals) process.on(name, listener);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of signals) process.off(name, listener);
    },
  };
}
