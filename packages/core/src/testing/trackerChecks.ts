import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkConfig } from "../config/checkConfig.js";
import { runsOf } from "../config/runsOf.js";
import type { TrackedRun, Tracker, TrackerRecord } from "../contracts/tracker.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { register } from "./register.js";

/** Name of a property that {@link testTracker} checks. */
export type TrackerProperty =
  | "records"
  | "history"
  | "resume"
  | "several"
  | "plain"
  | "unused"
  | "options";

/** A tracker to check. */
export interface TrackerSubject extends Subject<TrackerProperty> {
  create(): Tracker | Promise<Tracker>;
  /**
   * Reads the records that have arrived for the run in a directory, with their update and numbers. Keys
   * must be those of the records that were logged, even if the service renames them; further keys are
   * ignored.
   */
  read(directory: string): Promise<readonly TrackerRecord[]> | readonly TrackerRecord[];
}

/** Makes a line of metrics like that of a run on a CPU. */
function line(update: number, loss = 1 / (1 + update)): TrackerRecord {
  const seconds = update / 4;
  return { update, batches: 4 * update, seconds, loss, learningRate: 0.5, device: "cpu" };
}

const evaluation: TrackerRecord = { update: 4, "evaluation/mean": 0.75, "task/poem": 0.5 };

/** Describes a run of four updates. */
function runIn(directory: string, history: readonly TrackerRecord[]): TrackedRun {
  const [run] = runsOf(
    checkConfig({ model: { use: "toy" }, tasks: { use: "toy" }, train: { steps: 4 } }),
  );
  return {
    name: "conformance",
    seed: 1,
    directory,
    config: (run as NonNullable<typeof run>).config,
    updates: 4,
    engine: { name: "cpu", device: "cpu", version: "1.0.0" },
    history,
  };
}

/** Sends records to a new tracker, as a process does that trains the run in `directory`. */
async function track(
  { create }: TrackerSubject,
  directory: string,
  records: readonly TrackerRecord[],
  { history = [], isKilled = false }: { history?: TrackerRecord[]; isKilled?: boolean } = {},
): Promise<void> {
  const tracker = await create();
  await tracker.begin?.(runIn(directory, history));
  for (const record of records) await tracker.log(record);
  if (!isKilled) await tracker.close();
}

/** Compares the records that arrived with those sent, as float32: trackers may store 32 bits per number. */
async function assertArrived(
  { read }: TrackerSubject,
  directory: string,
  records: readonly TrackerRecord[],
): Promise<void> {
  const arrived = await read(directory);
  for (const { update, ...numbers } of records) {
    for (const [key, value] of Object.entries(numbers)) {
      if (typeof value !== "number") continue;
      const found = arrived.filter((record) => record.update === update && key in record);
      const values = found.map((record) => Number(record[key]));
      assert.deepEqual(
        values.map(Math.fround),
        [Math.fround(value)],
        `Expected ${key} of update ${update} to arrive once, as ${value}; got [${values}].`,
      );
    }
  }
  const last = Math.max(...records.map(({ update }) => Number(update)));
  const later = arrived.find(({ update }) => Number(update) > last);
  assert.equal(later, undefined, "Expected only the updates that were sent, got a later one.");
}

/** Wraps a check that needs the directories of two runs, which are deleted afterwards. */
function inDirectories(
  check: (subject: TrackerSubject, directory: string, other: string) => Promise<void>,
) {
  return async (subject: TrackerSubject): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "metalearn-tracker-"));
    try {
      await check(subject, join(folder, "a-seed1"), join(folder, "b-seed1"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

const properties: Record<TrackerProperty, Property<TrackerSubject>> = {
  records: {
    title: "every number of every record arrives under its update",
    check: inDirectories(async (subject, directory) => {
      const records = [line(1), line(2), line(3), line(4), evaluation];
      await track(subject, directory, records);
      await assertArrived(subject, directory, records);
    }),
  },

  history: {
    title: "metrics logged before the run had a tracker arrive as well",
    check: inDirectories(async (subject, directory) => {
      await track(subject, directory, [line(3)], { history: [line(1), line(2)] });
      await assertArrived(subject, directory, [line(1), line(2), line(3)]);
    }),
  },

  resume: {
    title: "a run that was killed and resumed has every update once",
    check: inDirectories(async (subject, directory) => {
      const history = [line(1), line(2)]; // up to its checkpoint
      await track(subject, directory, [...history, line(3)], { isKilled: true });
      await track(subject, directory, [line(3), line(4)], { history });
      await track(subject, directory, [evaluation], { history: [1, 2, 3, 4].map((i) => line(i)) });
      await assertArrived(subject, directory, [line(1), line(2), line(3), line(4), evaluation]);
    }),
  },

  several: {
    title: "runs in two directories are kept apart",
    check: inDirectories(async (subject, directory, other) => {
      await track(subject, directory, [line(1, 1), line(2, 1)]);
      await track(subject, other, [line(1, 2)]);
      await assertArrived(subject, directory, [line(1, 1), line(2, 1)]);
      await assertArrived(subject, other, [line(1, 2)]);
    }),
  },

  plain: {
    title: "strings, booleans, null and NaN do not keep numbers from arriving",
    check: inDirectories(async (subject, directory) => {
      const odd = { note: "ä\n☂", isLast: true, dev: null, gradientNorm: Number.NaN };
      await track(subject, directory, [{ ...line(1), ...odd }, line(2)]);
      await assertArrived(subject, directory, [line(1), line(2)]);
    }),
  },

  unused: {
    title: "may be closed without a run",
    async check({ create }) {
      const tracker = await create();
      await tracker.close();
    },
  },

  options: usefulErrors,
};

/** Makes the checks of a tracker, for test runners other than vitest. */
export function trackerChecks(subject: TrackerSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a tracker fulfils its contract.
 *
 * @example testTracker("lines", { create: () => lines(), read: (directory) => readLines(directory) })
 */
export function testTracker(title: string, subject: TrackerSubject): void {
  register(title, trackerChecks(subject));
}
