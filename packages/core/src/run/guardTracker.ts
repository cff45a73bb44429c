import type { Tracker } from "../contracts/tracker.js";
import { messageOf } from "../errors.js";

/** How a tracker is kept from disturbing its run. */
export interface GuardOptions {
  /** Is told once that the tracker fails. */
  notify(message: string): void;
  /** How long closing may take, in seconds. @default 10 */
  readonly patience?: number;
}

/**
 * A tracker whose calls return at once and never fail: they are made in order, behind the run's
 * back. The first error is told, and later records are handed over all the same, for what is down
 * may come back. `begin` counts once.
 */
export function guardTracker(
  tracker: Tracker,
  { notify, patience = 10 }: GuardOptions,
): Required<Tracker> {
  let work = Promise.resolve();
  let hasBegun = false;
  let hasFailed = false;
  const fail = (problem: string) => {
    if (!hasFailed) {
      notify(`The tracker ${tracker.name} fails, and the run goes on without it: ${problem}`);
    }
    hasFailed = true;
  };
  const enqueue = (task: () => void | Promise<void>) => {
    work = work.then(task).catch((error: unknown) => fail(messageOf(error)));
  };
  return {
    name: tracker.name,
    begin(run) {
      if (!hasBegun) enqueue(() => tracker.begin?.(run));
      hasBegun = true;
    },
    log: (record) => enqueue(() => tracker.log(record)),
    async close() {
      enqueue(() => tracker.close());
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          fail(`it is not done ${patience} s after the run.`);
          resolve();
        }, 1000 * patience);
      });
      await Promise.race([work, late]);
      clearTimeout(timer);
    },
  };
}
