import type { Job } from "@metalearn/core";

/** What a script is made from. */
interface ScriptOptions {
  /** Shell lines before each job. */
  readonly setup: readonly string[];
  /** The folder for the exit codes of jobs: a file for each, named after its index. */
  readonly codes: string;
}

/**
 * The batch script of an array: the task with index i carries out job i, its output in the job's log,
 * and leaves its exit code. A task that Slurm ends leaves none.
 */
export function arrayScript(jobs: readonly Job[], { setup, codes }: ScriptOptions): string {
  const cases = jobs.map(
    ({ command, log }, i) =>
      `${i}) mkdir -p "$(dirname ${quote(log)})" && ${command.map(quote).join(" ")} >> ${quote(log)} 2>&1 ;;`,
  );
  return [
    "#!/bin/sh",
    // A stop reaches all processes. Were this shell to end by it, Slurm would kill the job at once, which
    // may be writing a checkpoint; it has Slurm's KillWait for that.
    "trap : TERM",
    ...setup,
    'case "$SLURM_ARRAY_TASK_ID" in',
    ...cases,
    "esac",
    "code=$?",
    `echo "$code" > ${quote(codes)}/"$SLURM_ARRAY_TASK_ID"`,
    'exit "$code"',
    "",
  ].join("\n");
}

/** A word of a shell command, whatever is in it. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
