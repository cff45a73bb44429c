import { MetaError } from "../../errors.js";

/** Emits an event. Resolves when the consumer asks for the next one or has left the loop. */
export type Emit<E> = (event: E) => Promise<void>;

/**
 * Turns work that emits events into an async iteration over them. The consumer sets the pace: work that
 * awaits `emit` pauses until the next event is asked for. Leaving the loop aborts the work and waits
 * for it to end.
 *
 * @param work returns the last event; its errors are thrown from the loop
 * @param outer aborts the work as well
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
  ending.catch(() => {}); // awaited below, maybe much later: not an unhandled rejection until then
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
      // Leaving the loop asked for the interruption, so it is no error. Others were thrown already.
      if (!(error instanceof MetaError && error.code === "INTERRUPTED")) throw error;
    });
  }
}
