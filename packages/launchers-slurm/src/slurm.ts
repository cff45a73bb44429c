import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Job,
  type JobResult,
  type Launcher,
  type LaunchOptions,
  parseOptions,
} from "@metalearn/core";
import { z } from "zod";
import { arrayScript } from "./arrayScript.js";
import { cancel, isStopped, isUnfinished, submit, taskStates } from "./queue.js";

const count = z.int().min(1);

export const slurmOptions = z
  .strictObject({
    processes: count
      .optional()
      .describe("Jobs of the array at a time. Default: as many as Slurm allows."),
    partition: z.string().optional().describe("The partition. Default: Slurm's."),
    account: z.string().optional().describe("The account that is charged. Default: Slurm's."),
    time: z
      .string()
      .optional()
      .describe(
        "The time limit of one run, as Slurm writes it: `4:00:00` is four hours. Default: the partition's.",
      ),
    cpusPerTask: count.optional().describe("Cores of one run. Default: Slurm's."),
    memory: z.string().optional().describe("Memory of one run, such as `16G`. Default: Slurm's."),
    gres: z.string().optional().describe("Devices of one run, such as `gpu:1`. Default: none."),
    sbatch: z
      .array(z.string())
      .readonly()
      .default([])
      .describe("Any other arguments of sbatch, such as `--qos=long`."),
    setup: z
      .array(z.string())
      .readonly()
      .default([])
      .describe("Shell lines before each run, such as `module load cuda`."),
    pollSeconds: z.number().positive().default(10).describe("Seconds between polls of the queue."),
  })
  .describe("One Slurm job array.");

/** Options of {@link slurm}; those that are left out have Slurm's own defaults. */
export type SlurmOptions = z.input<typeof slurmOptions>;

/**
 * Number of polls that find neither a task in the queue nor its exit code, before the task counts as lost.
 */
const patience = 3;

/**
 * Submits jobs as one array, and waits for it. Jobs and this process must see the same files.
 *
 * When the process is killed, the array continues; the next `launch` of the same jobs finds it in the queue
 * and waits for it instead of submitting another one.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function slurm(given: SlurmOptions = {}): Launcher {
  const options = parseOptions(slurmOptions, given);
  return {
    name: "slurm",
    async launch(jobs, launch) {
      if (jobs.length === 0) return [];
      const { directory, signal } = launch;
      if (signal?.aborted) return jobs.map((job) => notBegun(job, launch));
      const codes = join(directory, "codes");
      const submission = join(directory, "submission.json");
      const known = await runningSubmission(submission, jobs);
      const array = known ?? (await submitAll(jobs, { directory, codes, options }));
      if (!known) await writeFile(submission, JSON.stringify({ array, logs: logsOf(jobs) }));
      const stop = () => void cancel(array).catch(() => {});
      signal?.addEventListener("abort", stop);
      if (signal?.aborted) stop(); // aborted during submission
      try {
        return await follow(array, jobs, { codes, launch, pollSeconds: options.pollSeconds });
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    },
  };
}

function notBegun(job: Job, { onEnd }: LaunchOptions): JobResult {
  const result = { job, failure: "not begun" };
  onEnd?.(result);
  return result;
}

async function submitAll(
  jobs: readonly Job[],
  {
    directory,
    codes,
    options,
  }: { directory: string; codes: string; options: z.output<typeof slurmOptions> },
): Promise<string> {
  await rm(codes, { recursive: true, force: true });
  await mkdir(codes, { recursive: true });
  const script = join(directory, "array.sh");
  await writeFile(script, arrayScript(jobs, { setup: options.setup, codes }));
  const { processes, partition, account, time, cpusPerTask, memory, gres } = options;
  const given = {
    partition,
    account,
    time,
    "cpus-per-task": cpusPerTask,
    mem: memory,
    gres,
  };
  return submit(script, [
    `--array=0-${jobs.length - 1}${processes === undefined ? "" : `%${processes}`}`,
    "--job-name=metalearn",
    `--output=${join(directory, "slurm-%a.txt")}`, // Slurm's own messages
    "--open-mode=append",
    "--requeue", // after a node failure, a run resumes from its checkpoint
    ...Object.entries(given).flatMap(([key, value]) =>
      value === undefined ? [] : [`--${key}=${value}`],
    ),
    ...options.sbatch,
  ]);
}

/** Array of an earlier process with the same jobs, if it is still in the queue. */
async function runningSubmission(file: string, jobs: readonly Job[]): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { array, logs } = JSON.parse(text) as { array: string; logs: string[] };
  if (JSON.stringify(logs) !== JSON.stringify(logsOf(jobs))) return undefined;
  return [...(await taskStates(array)).values()].some(isUnfinished) ? array : undefined;
}

/** Hash that identifies the jobs of a submission. */
function logsOf(jobs: readonly Job[]): string[] {
  return jobs.map(({ log }) => log);
}

/** Waits until every task of an array has ended. */
async function follow(
  array: string,
  jobs: readonly Job[],
  { codes, launch, pollSeconds }: { codes: string; launch: LaunchOptions; pollSeconds: number },
): Promise<JobResult[]> {
  const begun = new Set<number>();
  const misses = new Map<number, number>();
  const results = new Map<number, JobResult>();
  const end = (index: number, job: Job, failure?: string) => {
    const result = { job, ...(failure !== undefined && { failure }) };
    results.set(index, result);
    launch.onEnd?.(result);
  };
  for (;;) {
    const states = await taskStates(array);
    for (const [index, job] of jobs.entries()) {
      if (results.has(index)) continue;
      const state = states.get(index);
      if (state !== undefined && state !== "PENDING" && !begun.has(index)) {
        begun.add(index);
        launch.onBegin?.(job);
      }
      if (state !== undefined && isUnfinished(state)) continue;
      const code = await readFile(join(codes, String(index)), "utf8").catch(() => "");
      if (code.trim() === "0") end(index, job);
      else if (state !== undefined && isStopped(state)) end(index, job, state);
      else if (code.trim() !== "") end(index, job, `exit code ${code.trim()}`);
      else {
        // Files written on other machines may take a moment to appear here.
        const missed = (misses.get(index) ?? 0) + 1;
        misses.set(index, missed);
        if (missed >= patience) end(index, job, state ?? "ended without an exit code");
      }
    }
    if (results.size === jobs.length) break;
    await sleep(pollSeconds * 1000);
  }
  return jobs.map((_, index) => results.get(index) as JobResult);
}
