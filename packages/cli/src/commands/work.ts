import { finishRun } from "@metalearn/core/runs";
import { onInterrupt } from "../interrupt.js";
import { openWork } from "../launch/workList.js";
import { openProgress } from "../progress/progress.js";

/**
 * Carries out one run of a list that `compare` wrote, in its directory. Exits at once when the process that
 * started it is gone, if there is a channel to it: otherwise the next `compare` would find the run locked.
 */
export async function work(file: string, index: string): Promise<void> {
  const orphaned = () => process.exit(130);
  process.on("disconnect", orphaned);
  if ("disconnect" in process && !process.connected) orphaned(); // the parent has exited while this program was loading
  const run = await openWork(file, index);
  const progress = openProgress();
  const { signal, release } = onInterrupt((message) => progress.say(message));
  try {
    progress.begin(`${run.name}, seed ${run.config.seed}: ${new Date().toISOString()}`);
    await finishRun({ ...run, signal, onEvent: progress.update });
  } finally {
    progress.end();
    release();
    process.off("disconnect", orphaned);
    if (process.connected) process.disconnect?.(); // the channel would keep this process alive
  }
}
