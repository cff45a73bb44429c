import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { MetaError } from "@metalearn/core";

const exec = promisify(execFile);

/** States of unfinished tasks in squeue. */
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

/** True for the state of an unfinished task. */
export function isUnfinished(state: string): boolean {
  return unfinished.has(state);
}

/**
 * True for states in which Slurm itself ended a task, which explain more than the exit code: `CANCELLED`,
 * `TIMEOUT`, `OUT_OF_MEMORY` and the like.
 */
export function isStopped(state: string): boolean {
  return !isUnfinished(state) && state !== "COMPLETED" && state !== "FAILED";
}

/** Submits a script as an array, and returns its job number. @throws MetaError `LAUNCH_FAILED` */
export async function submit(script: string, args: readonly string[]): Promise<string> {
  const output = await run("sbatch", ["--parsable", ...args, script]);
  return output.trim().split(";")[0] ?? ""; // "{job};{cluster}" where there are several
}

/**
 * States of an array's tasks by index. Tasks that Slurm has forgotten, some minutes after their end, are
 * absent.
 *
 * @throws MetaError `LAUNCH_FAILED` when Slurm does not respond
 */
export async function taskStates(job: string): Promise<Map<number, string>> {
  const args = ["--noheader", "--array", "--states=all", `--jobs=${job}`, "--format=%K %T"];
  const output = await run("squeue", args).catch((error: unknown) => {
    if (/Invalid job id/i.test(String(error))) return ""; // Slurm has forgotten the whole array
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

/** Ends an array's tasks: by SIGTERM, and by SIGKILL after Slurm's KillWait. */
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
