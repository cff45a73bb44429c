const events = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Runs `start` and removes the listeners for uncaught errors that it adds. Emscripten adds some that rethrow
 * the error, so that a program ends with the wrong exit code and a line of WebAssembly glue instead of the
 * error's own location.
 */
export async function keepProcessListeners<T>(start: () => Promise<T>): Promise<T> {
  const before = new Set(events.flatMap((event) => listenersOf(event)));
  try {
    return await start();
  } finally {
    for (const event of events) {
      for (const listener of listenersOf(event)) {
        if (!before.has(listener)) process.removeListener(event, listener);
      }
    }
  }
}

type Listener = (...parameters: unknown[]) => void;

function listenersOf(event: (typeof events)[number]): Listener[] {
  return process.listeners(event as "uncaughtException") as Listener[];
}
