import type { Tracker } from "../../contracts/tracker.js";
import { messageOf } from "../../errors.js";
import { inCharge } from "../../plugin/inCharge.js";

/** Options of {@link guardTracker}. */
export interface GuardOptions {
  /** Called once, with the first failure of the tracker. */
  notify(message: string): void;
  /** Seconds that closing may take. @default 10 */
  readonly patience?: number;
}

/**
 * Wraps a tracker so that its calls return at once and never fail: they are queued and run
 * asynchronously, in order. The first error is reported by `notify`; later records are still sent,
 * because a server that is down may come back. Only the first `begin` has an effect.
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
      notify(`The tracker ${tracker.name} failed; the run continues without it: ${problem}`);
    }
    hasFailed = true;
  };
  const enqueue = (task: () => void | Promise<void>) => {
    work = work
      .then(() => inCharge(`tracker ${tracker.name}`, task))
      .catch((error: unknown) => fail(messageOf(error)));
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
          fail(`it has not finished ${patience} s after the run.`);
          resolve();
        }, 1000 * patience);
      });
      await Promise.race([work, late]);
      clearTimeout(timer);
    },
  };
}
