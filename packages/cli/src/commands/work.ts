import { finishRun } from "@metalearn/core/runs";
import { onInterrupt } from "../interrupt.js";
import { openWork } from "../launch/workList.js";
import { openProgress } from "../progress/progress.js";

/**
 * Carries out one run of a list that `compare` wrote, in its directory. Ends at once when the process
 * that started it is gone, if it has a channel to it: the next `compare` would find it at work.
 */
export async function work(file: string, index: string): Promise<void> {
  const orphaned = () => process.exit(130);
  process.on("disconnect", orphaned);
  if ("disconnect" in process && !process.connected) orphaned(); // while this program was loaded
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
