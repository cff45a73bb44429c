/** A command to run in a process of its own. */
export interface Job {
  /** Display name, such as `maml-seed1`. */
  readonly name: string;
  /** Program and arguments. Exit code 0 means success. */
  readonly command: readonly [string, ...string[]];
  /** File to which stdout and stderr are appended. */
  readonly log: string;
}

/** Outcome of a job. */
export interface JobResult {
  readonly job: Job;
  /** Reason of failure, such as `exit code 1` or `TIMEOUT`; absent on success. */
  readonly failure?: string;
}

/** Options of {@link Launcher.launch}. */
export interface LaunchOptions {
  /** Folder for the launcher's own files; the same for the same jobs. */
  readonly directory: string;
  /** Stops the jobs with SIGTERM, so that they can write a checkpoint. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a job starts, if the launcher can tell. */
  readonly onBegin?: (job: Job) => void;
  /** Called when a job has ended. */
  readonly onEnd?: (result: JobResult) => void;
}

/** Runs jobs on this machine or others: the component that `launcher` in a config names. */
export interface Launcher {
  readonly name: string;
  /**
   * Runs the jobs and waits until all have ended. A failed job does not stop the others.
   *
   * @returns one result per job, in order
   * @throws MetaError `LAUNCH_FAILED` when jobs cannot be started at all
   */
  launch(jobs: readonly Job[], options: LaunchOptions): Promise<readonly JobResult[]>;
}
