import { expect, test } from "vitest";
import type { TrackedRun, Tracker, TrackerRecord } from "../src/contracts/tracker.js";
import { guardTracker } from "../src/run/tracking/guardTracker.js";
import { component } from "./support/plainPlugin.js";

const run = component<TrackedRun>({ name: "maml" });

/** A tracker under guard, what it was called with and what the user was told. */
function guarded(calls: Partial<Tracker>, patience?: number) {
  const told: string[] = [];
  const notify = (message: string) => void told.push(message);
  const tracker: Tracker = { name: "lamp", log() {}, close() {}, ...calls };
  return {
    told,
    tracker: guardTracker(tracker, { notify, ...(patience !== undefined && { patience }) }),
  };
}

test("a tracker gets everything in order, and the caller waits for nothing", async () => {
  const seen: unknown[] = [];
  const slow = async (what: unknown) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(what);
  };
  const { tracker, told } = guarded({
    begin: ({ name }) => slow(name),
    log: slow,
    close: () => slow("closed"),
  });
  tracker.begin(run);
  tracker.begin(run);
  tracker.log({ update: 1 });
  tracker.log({ update: 2 });
  expect(seen).toEqual([]);
  await tracker.close();
  expect(seen).toEqual(["maml", { update: 1 }, { update: 2 }, "closed"]);
  expect(told).toEqual([]);
});

test("what is down is told once, and is asked again", async () => {
  const seen: TrackerRecord[] = [];
  const { tracker, told } = guarded({
    begin: () => Promise.reject(new Error("nobody answers.")),
    log(record) {
      if (record.update === 1) throw new Error("still nobody.");
      seen.push(record);
    },
  });
  tracker.begin(run);
  tracker.log({ update: 1 });
  tracker.log({ update: 2 });
  await tracker.close();
  expect(told).toEqual(["The tracker lamp failed; the run continues without it: nobody answers."]);
  expect(seen).toEqual([{ update: 2 }]);
});

test("a tracker that never answers does not keep the run from ending", async () => {
  const { tracker, told } = guarded({ log: () => new Promise(() => {}) }, 0.05);
  tracker.log({ update: 1 });
  await tracker.close();
  expect(told).toEqual([
    "The tracker lamp failed; the run continues without it: it has not finished 0.05 s after the run.",
  ]);
});
