/** One measurement of a run: plain JSON. */
export type TrackerRecord = Readonly<Record<string, string | number | boolean | null>>;

/** Where metrics go. The files of the run directory are always written; trackers come on top. */
export interface Tracker {
  readonly name: string;
  /** Called once per logged meta-update and once per evaluation. */
  log(record: TrackerRecord): void | Promise<void>;
  close(): void | Promise<void>;
}
