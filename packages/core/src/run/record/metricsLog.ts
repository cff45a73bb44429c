import { compileSeconds, type TensorRuntime } from "../../contracts/runtime.js";
import type { Tracker, TrackerRecord } from "../../contracts/tracker.js";
import { mean } from "../../statistics.js";
import type { MetaUpdate } from "../../train/metaTrain.js";
import { peakBytes } from "./peakBytes.js";
import type { RunDirectory } from "./runDirectory.js";
import { appendMetrics, readMetrics } from "./runMetrics.js";

/** Beginning of the names of a learner's own metrics in a line of metrics. */
export const learnerMetricPrefix = "learner/";

/** Writes one line of metrics per window of meta-updates. */
export interface MetricsLog {
  /**
   * Adds an update, and writes a line when its window is full.
   *
   * @param now if true, the window ends here, even if it is shorter than the others
   * @param more further metrics for the line, if one is written
   */
  add(update: MetaUpdate, now: boolean, more?: TrackerRecord): Promise<void>;
}

/** Options of {@link openMetricsLog}. */
export interface MetricsLogOptions {
  /** Meta-updates per window. */
  readonly every: number;
  readonly tracker?: Tracker | undefined;
  /** Engine of the training. It must not have compiled anything yet. */
  readonly runtime: Pick<TensorRuntime, "compilations" | "device" | "memory">;
}

/**
 * Opens a log that continues the metrics in the run's directory. In a line, `loss` is the mean over its
 * window, as are the learner's own metrics, `learner/NAME`, of which one that is not finite is written as null;
 * `tokens` and `seconds` are totals since the start of the run, compilation included;
 * `tokensPerSecond` is that of the window.
 */
export async function openMetricsLog(
  files: RunDirectory,
  { every, tracker, runtime }: MetricsLogOptions,
): Promise<MetricsLog> {
  const before = (await readMetrics(files.path)).at(-1);
  const compiledBefore = Number(before?.compileSeconds ?? 0);
  const peakBefore = Number(before?.peakBytes ?? 0);
  let tokens = Number(before?.tokens ?? 0);
  let seconds = Number(before?.seconds ?? 0);
  let losses: number[] = [];
  let metrics: MetaUpdate["metrics"][] = [];
  let window = { tokens: 0, seconds: 0 };
  return {
    async add(made, now, more) {
      tokens += made.tokens;
      seconds += made.seconds;
      window = { tokens: window.tokens + made.tokens, seconds: window.seconds + made.seconds };
      losses.push(made.loss);
      metrics.push(made.metrics);
      if (made.update % every !== 0 && !now) return;
      const { processBytes, tensorBytes } = runtime.memory();
      const record = {
        update: made.update,
        batches: made.batches,
        tokens,
        seconds: milliseconds(seconds),
        compileSeconds: milliseconds(compiledBefore + compileSeconds(runtime.compilations())),
        tokensPerSecond: Math.round(window.tokens / window.seconds),
        processBytes,
        tensorBytes,
        peakBytes: Math.max(peakBefore, peakBytes()),
        device: runtime.device,
        loss: mean(losses),
        gradientNorm: made.gradientNorm,
        learningRate: made.learningRate,
        ...meanMetrics(metrics),
        ...more,
      };
      losses = [];
      metrics = [];
      window = { tokens: 0, seconds: 0 };
      await appendMetrics(files, record);
      await tracker?.log(record);
    },
  };
}

/** Means of a learner's metrics over those updates of a window that have them. */
function meanMetrics(window: readonly MetaUpdate["metrics"][]): TrackerRecord {
  const names = new Set(window.flatMap((metrics) => Object.keys(metrics)));
  return Object.fromEntries(
    [...names].map((name) => {
      const value = mean(window.flatMap((metrics) => metrics[name] ?? []));
      return [learnerMetricPrefix + name, Number.isFinite(value) ? value : null];
    }),
  );
}

/** Rounds seconds to milliseconds. */
function milliseconds(seconds: number): number {
  return Number(seconds.toFixed(3));
}
