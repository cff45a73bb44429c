import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { setPriority } from "node:os";
import { dirname } from "node:path";
import {
  defineFactory,
  definePlugin,
  type Job,
  type JobResult,
  type Launcher,
  parseOptions,
} from "@metalearn/core";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have a launcher of this name. */
const name = "__component__";

const options = z.strictObject({
  niceness: z
    .int()
    .min(0)
    .max(19)
    .default(10)
    .describe("How much runs stand back for other programs."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * Runs jobs as processes of low priority, one after the other.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function __factory__(given: __Factory__Options = {}): Launcher {
  const { niceness } = parseOptions(options, given);
  return {
    name,
    async launch(jobs, { signal, onBegin, onEnd }) {
      const results: JobResult[] = [];
      for (const job of jobs) {
        if (!signal?.aborted) onBegin?.(job);
        const failure = signal?.aborted ? "not begun" : await run(job, niceness, signal);
        const result = { job, ...(failure !== undefined && { failure }) };
        onEnd?.(result);
        results.push(result);
      }
      return results;
    },
  };
}

/** Waits for a job's process and returns why it failed, if it did. */
async function run(
  { command, log }: Job,
  niceness: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  await mkdir(dirname(log), { recursive: true });
  const output = await open(log, "a");
  const [program, ...args] = command;
  const child = spawn(program, args, {
    stdio: ["ignore", output.fd, output.fd],
    detached: true, // the terminal sends Ctrl-C to this process only, which passes it on once
  });
  if (child.pid !== undefined) setPriority(child.pid, niceness);
  const stop = () => child.kill("SIGTERM"); // the run then writes a checkpoint
  signal?.addEventListener("abort", stop);
  try {
    return await new Promise((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("exit", (code, killedBy) => {
        if (killedBy) resolve(`killed by ${killedBy}`);
        else resolve(code === 0 ? undefined : `exit code ${code}`);
      });
    });
  } finally {
    signal?.removeEventListener("abort", stop);
    await output.close();
  }
}

export default definePlugin({
  name: "__package__",
  launchers: { [name]: defineFactory(options, __factory__) },
});
