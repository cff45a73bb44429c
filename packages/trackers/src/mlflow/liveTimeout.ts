/**
 * Signal that is aborted after some time in which the event loop was free. Training blocks it for seconds at
 * a time, and a response that arrived in between is not late.
 *
 * @returns the signal, and a function that stops the timer
 */
export function liveTimeout(seconds: number): { signal: AbortSignal; end(): void } {
  const ticks = 10 * seconds;
  const controller = new AbortController();
  let left = ticks;
  // An interval fires once, however long the loop was blocked.
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) controller.abort(new Error(`no response within ${seconds} s`));
  }, 1000 / 10);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
