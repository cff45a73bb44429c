import type { Job } from "@metalearn/core";

/** Contents of a script. */
interface ScriptOptions {
  /** Shell lines before each job. */
  readonly setup: readonly string[];
  /** Folder for the exit codes of jobs: one file per job, named after its index. */
  readonly codes: string;
}

/**
 * Batch script of an array: task i runs job i, with its output in the job's log, and writes its exit code. A
 * task that Slurm kills writes none.
 */
export function arrayScript(jobs: readonly Job[], { setup, codes }: ScriptOptions): string {
  const cases = jobs.map(
    ({ command, log }, i) =>
      `${i}) mkdir -p "$(dirname ${quote(log)})" && ${command.map(quote).join(" ")} >> ${quote(log)} 2>&1 ;;`,
  );
  return [
    "#!/bin/sh",
    // Slurm signals all processes. If this shell ended on the signal, Slurm would kill the job at once,
    // perhaps while it writes a checkpoint; this way the job has Slurm's KillWait for that.
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

/** Quotes any text as one word of a shell command. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
