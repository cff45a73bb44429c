/**
 * A signal that is aborted after some time in which the event loop was free. Training keeps it
 * busy for seconds at a time, and an answer that came meanwhile is not late.
 *
 * @returns the signal, and a function that ends the watch
 */
export function liveTimeout(seconds: number): { signal: AbortSignal; end(): void } {
  const ticks = 10 * seconds;
  const controller = new AbortController();
  let left = ticks;
  // However long the loop was busy, an interval fires once for it.
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) controller.abort(new Error(`no answer within ${seconds} s`));
  }, 1000 / 10);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
