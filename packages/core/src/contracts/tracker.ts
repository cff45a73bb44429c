/**
 * One measurement of a run: plain JSON. `update` is its step, in meta-updates. A `/` in a key
 * groups what belongs together, such as `evaluation/mean`.
 */
export type TrackerRecord = Readonly<Record<string, string | number | boolean | null>>;

/** The run that a tracker logs. */
export interface TrackedRun {
  readonly name: string;
  readonly seed: number;
  /** Absolute path of the run directory, which identifies the run across processes. */
  readonly directory: string;
  /** The run's full config, as JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Number of planned meta-updates. */
  readonly updates: number;
  readonly engine: { readonly name: string; readonly device: string; readonly version: string };
  /**
   * All records of the run so far, oldest first. A run resumed from a checkpoint may have logged later
   * records before it was killed, and will log those again.
   */
  readonly history: readonly TrackerRecord[];
}

/**
 * Receives the metrics of a run, in addition to the files of the run directory. Calls are asynchronous:
 * a run does not wait for its tracker and continues without one that fails.
 */
export interface Tracker {
  readonly name: string;
  /** Called once, before anything is logged. */
  begin?(run: TrackedRun): void | Promise<void>;
  /** Called once per window of meta-updates (`train.logEvery`) and once per evaluation. */
  log(record: TrackerRecord): void | Promise<void>;
  close(): void | Promise<void>;
}
