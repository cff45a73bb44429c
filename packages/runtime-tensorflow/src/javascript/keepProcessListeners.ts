const events = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Runs `start` and takes away the listeners that it adds for errors that nobody caught.
 * Emscripten's code adds some that throw the error again, so that a program ends with the wrong
 * exit code and a line of WebAssembly glue instead of the error's own place.
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
