/** One piece of work for a process of its own. */
export interface Job {
  /** For people: `maml-seed1`. */
  readonly name: string;
  /** Program and arguments. The exit code 0 means that the work is done. */
  readonly command: readonly [string, ...string[]];
  /** The file to which its output is appended. */
  readonly log: string;
}

/** What became of a job. */
export interface JobResult {
  readonly job: Job;
  /** Why it failed, such as `exit code 1` or `TIMEOUT`; absent when it is done. */
  readonly failure?: string;
}

/** What a launcher is asked to do. */
export interface LaunchOptions {
  /** A folder for the launcher's own files; the same for the same jobs. */
  readonly directory: string;
  /** Stops the jobs politely, so that they can write a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a job begins, if the launcher can tell. */
  readonly onBegin?: (job: Job) => void;
  /** Called when a job has ended. */
  readonly onEnd?: (result: JobResult) => void;
}

/** Carries out jobs, on this machine or others: what `launcher` in a config names. */
export interface Launcher {
  readonly name: string;
  /**
   * Waits until every job has ended. One that fails does not keep the others from going on.
   *
   * @returns one result per job, in order
   * @throws MetaError `LAUNCH_FAILED` when jobs cannot be started at all
   */
  launch(jobs: readonly Job[], options: LaunchOptions): Promise<readonly JobResult[]>;
}
