import { MetaError } from "../errors.js";

/** Takes an event; resolved when whoever iterates asks for the next one, or has left. */
export type Emit<E> = (event: E) => Promise<void>;

/**
 * Turns work that tells events into an iteration over them, which sets the pace: work that waits for
 * `emit` does nothing while an event is being looked at. Whoever leaves the loop aborts the work, and
 * goes on when it has ended.
 *
 * @param work returns the last event; what it throws, the loop throws
 * @param outer stops the work, too
 */
export async function* eventStream<E>(
  work: (emit: Emit<E>, signal: AbortSignal) => Promise<E>,
  outer?: AbortSignal,
): AsyncGenerator<E, void, void> {
  const left = new AbortController();
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal;
  const waiting: { readonly event: E; taken(): void }[] = [];
  let hasEnded = false;
  let wake = () => {};
  const emit: Emit<E> = (event) =>
    new Promise((taken) => {
      if (left.signal.aborted) return taken();
      waiting.push({ event, taken });
      wake();
    });
  const ending = work(emit, signal).finally(() => {
    hasEnded = true;
    wake();
  });
  ending.catch(() => {}); // it is thrown below, maybe much later
  try {
    for (;;) {
      const next = waiting[0];
      if (next) {
        yield next.event;
        waiting.shift();
        next.taken();
      } else if (hasEnded) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    yield await ending;
  } finally {
    left.abort();
    for (const { taken } of waiting.splice(0)) taken();
    await ending.catch((error) => {
      // That it was interrupted is what leaving the loop asked for; otherwise it is thrown already.
      if (!(error instanceof MetaError && error.code === "INTERRUPTED")) throw error;
    });
  }
}
