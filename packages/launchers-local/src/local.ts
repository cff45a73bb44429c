import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import {
  type Job,
  type JobResult,
  type Launcher,
  type LaunchOptions,
  parseOptions,
} from "@metalearn/core";
import { z } from "zod";
import { allowedCores, onCores, shareOut } from "./cores.js";

export const localOptions = z
  .strictObject({
    processes: z.int().min(1).optional().describe("Jobs at a time. Default: one per core."),
  })
  .describe("Processes on this machine, each on cores of its own.");

/** Options of {@link local}. */
export type LocalOptions = z.input<typeof localOptions>;

/**
 * Runs jobs as processes on this machine, several at a time. On Linux each gets cores of its own, so that
 * they do not compete for the same ones; `os.availableParallelism()` then returns a job's own number of
 * cores.
 *
 * Each job has a channel to this process, so that it notices (`process.on("disconnect")`) when this process
 * is killed.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function local(options: LocalOptions = {}): Launcher {
  const { processes = availableParallelism() } = parseOptions(localOptions, options);
  return {
    name: "local",
    async launch(jobs, options) {
      const results: JobResult[] = [];
      const waiting = jobs.entries();
      const places = Math.min(processes, jobs.length);
      const shares = shareOut(allowedCores() ?? [], places);
      const work = async (place: number) => {
        for (const [index, job] of waiting) {
          results[index] = await runJob(job, shares[place], options);
        }
      };
      await Promise.all(Array.from({ length: places }, (_, place) => work(place)));
      return results;
    },
  };
}

async function runJob(
  job: Job,
  cores: readonly number[] | undefined,
  { signal, onBegin, onEnd }: LaunchOptions,
): Promise<JobResult> {
  const failure = signal?.aborted ? "not begun" : await begin();
  const result = { job, ...(failure !== undefined && { failure }) };
  onEnd?.(result);
  return result;

  function begin() {
    onBegin?.(job);
    mkdirSync(dirname(job.log), { recursive: true });
    const log = openSync(job.log, "a");
    const [program, ...args] = onCores(cores?.length ? cores : undefined, job.command);
    // A process group of its own: the terminal then sends Ctrl-C to this process only, which passes it on
    // once.
    const child = spawn(program, args, { stdio: ["ignore", log, log, "ipc"], detached: true });
    closeSync(log);
    const stop = () => child.kill("SIGTERM");
    signal?.addEventListener("abort", stop);
    return endOf(child).finally(() => signal?.removeEventListener("abort", stop));
  }
}

/** Reason why a process failed; undefined if it did not. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => {
      if (signal) resolve(`killed by ${signal}`);
      else resolve(code === 0 ? undefined : `exit code ${code}`);
    });
  });
}
