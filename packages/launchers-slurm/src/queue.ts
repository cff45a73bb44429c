import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MetaError } from "@metalearn/core";

const exec = promisify(execFile);

/** States of tasks that are still to end, as squeue calls them. */
const unfinished = new Set([
  "PENDING",
  "CONFIGURING",
  "RUNNING",
  "COMPLETING",
  "REQUEUED",
  "REQUEUE_FED",
  "REQUEUE_HOLD",
  "RESIZING",
  "SIGNALING",
  "STAGE_OUT",
  "STOPPED",
  "SUSPENDED",
]);

/** Whether a task in this state is still to end. */
export function isUnfinished(state: string): boolean {
  return unfinished.has(state);
}

/**
 * Whether Slurm ended a task in this state, which says more than the exit code of what it killed:
 * `CANCELLED`, `TIMEOUT`, `OUT_OF_MEMORY` and the like.
 */
export function isStopped(state: string): boolean {
  return !isUnfinished(state) && state !== "COMPLETED" && state !== "FAILED";
}

/** Submits a script as an array, and gives its job number. @throws MetaError `LAUNCH_FAILED` */
export async function submit(script: string, args: readonly string[]): Promise<string> {
  const output = await run("sbatch", ["--parsable", ...args, script]);
  return output.trim().split(";")[0] ?? ""; // "{job};{cluster}" where there are several
}

/**
 * The states of an array's tasks by index. Slurm forgets tasks some minutes after they have ended;
 * those are not there.
 *
 * @throws MetaError `LAUNCH_FAILED` when Slurm does not answer
 */
export async function taskStates(job: string): Promise<Map<number, string>> {
  const args = ["--noheader", "--array", "--states=all", `--jobs=${job}`, "--format=%K %T"];
  const output = await run("squeue", args).catch((error: unknown) => {
    if (/Invalid job id/i.test(String(error))) return ""; // all of it is forgotten
    throw error;
  });
  const lines = output.split("\n").filter((line) => /^\d+ \w+$/.test(line.trim()));
  return new Map(
    lines.map((line) => {
      const [index = "", state = ""] = line.trim().split(" ");
      return [Number(index), state];
    }),
  );
}

/** Ends an array's tasks: first politely, and after Slurm's KillWait by force. */
export async function cancel(job: string): Promise<void> {
  await run("scancel", [job]);
}

async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await exec(program, args)).stdout;
  } catch (cause) {
    const { code, stderr, message } = cause as Error & { code?: unknown; stderr?: string };
    throw new MetaError(
      "LAUNCH_FAILED",
      code === "ENOENT"
        ? `launcher (slurm): ${program} is not installed here. Run this on a machine from which Slurm takes jobs, or use the launcher "local".`
        : `launcher (slurm): ${program} failed: ${stderr?.trim() || message}`,
      { cause },
    );
  }
}
