import type { Tracker } from "../../contracts/tracker.js";

/** Joins trackers into one that forwards every call to each of them. None of them may throw. */
export function joinTrackers(trackers: readonly Required<Tracker>[]): Required<Tracker> {
  const each = async (tell: (tracker: Required<Tracker>) => void | Promise<void>) => {
    await Promise.all(trackers.map(tell));
  };
  return {
    name: trackers.map(({ name }) => name).join(", "),
    begin: (run) => each((tracker) => tracker.begin(run)),
    log: (record) => each((tracker) => tracker.log(record)),
    close: () => each((tracker) => tracker.close()),
  };
}
