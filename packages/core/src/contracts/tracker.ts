/**
 * One measurement of a run: plain JSON. `update` is its step, in meta-updates. A `/` in a key
 * groups what belongs together, such as `evaluation/mean`.
 */
export type TrackerRecord = Readonly<Record<string, string | number | boolean | null>>;

/** What a tracker is told of the run that it is to follow. */
export interface TrackedRun {
  readonly name: string;
  readonly seed: number;
  /** Of the run; absolute. The same directory is the same run, also in a later process. */
  readonly directory: string;
  /** In full, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Meta-updates planned. */
  readonly updates: number;
  readonly engine: { readonly name: string; readonly device: string; readonly version: string };
  /**
   * All records of the run so far, oldest first. A run that goes on from a checkpoint may have
   * logged later ones before it was killed; it will make those again.
   */
  readonly history: readonly TrackerRecord[];
}

/**
 * Where metrics go. The files of the run directory are always written; trackers come on top. A run
 * does not wait for its tracker and goes on without one that fails.
 */
export interface Tracker {
  readonly name: string;
  /** Called once, before anything is logged. */
  begin?(run: TrackedRun): void | Promise<void>;
  /** Called once per window of meta-updates (`train.logEvery`) and once per evaluation. */
  log(record: TrackerRecord): void | Promise<void>;
  close(): void | Promise<void>;
}
