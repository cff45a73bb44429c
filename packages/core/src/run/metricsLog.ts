import type { Tracker } from "../tracker.js";
import type { MetaUpdate } from "../train/metaTrain.js";
import { appendMetrics, type RunDirectory, readMetrics } from "./runDirectory.js";

/** Writes one line of metrics per window of meta-updates. */
export interface MetricsLog {
  /** @param now ends the window here, even if it is shorter than the others */
  add(update: MetaUpdate, now: boolean): Promise<void>;
}

/**
 * A log that goes on from what the run's directory holds already. The loss of a line is the mean
 * over its window; tokens and seconds are totals since the beginning of the run.
 */
export async function openMetricsLog(
  files: RunDirectory,
  { every, tracker }: { every: number; tracker?: Tracker | undefined },
): Promise<MetricsLog> {
  const before = (await readMetrics(files.path)).at(-1);
  let tokens = Number(before?.tokens ?? 0);
  let seconds = Number(before?.seconds ?? 0);
  let losses: number[] = [];
  return {
    async add(made, now) {
      tokens += made.tokens;
      seconds += made.seconds;
      losses.push(made.loss);
      if (made.update % every !== 0 && !now) return;
      const record = {
        update: made.update,
        batches: made.batches,
        tokens,
        seconds: Number(seconds.toFixed(3)),
        loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length,
        gradientNorm: made.gradientNorm,
        learningRate: made.learningRate,
      };
      losses = [];
      await appendMetrics(files, record);
      await tracker?.log(record);
    },
  };
}
