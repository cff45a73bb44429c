import type { NamedRun } from "../../config/runsOf.js";
import { disposeParams } from "../../params.js";
import {
  type CompareOptions,
  type ComparisonOutcome,
  compareRuns,
  type FailedRun,
} from "../compareRuns.js";
import { finishRun } from "../finishRun.js";
import { openRun, type RunOptions } from "../openRun.js";
import type { ComparedRun } from "../readFinishedRun.js";
import { trainRun } from "../trainRun.js";
import { eventStream } from "./eventStream.js";
import type { RunEvent } from "./runEvent.js";

/** An event of {@link trainEvents}; the last one is `trained`. */
export type TrainEvent = RunEvent | { readonly kind: "trained"; readonly directory: string };

/** An event of {@link runEvents}; the last one is `finished`. */
export type FinishEvent = RunEvent | { readonly kind: "finished"; readonly run: ComparedRun };

/** An event of {@link comparisonEvents}; the last one is `compared`. */
export type ComparisonEvent =
  | { readonly kind: "run"; readonly run: NamedRun; readonly index: number; readonly total: number }
  | (RunEvent & { readonly run: NamedRun })
  | { readonly kind: "failed"; readonly failure: FailedRun }
  | { readonly kind: "compared"; readonly outcome: ComparisonOutcome };

/** Options of a run whose events are iterated over. */
export type IteratedRunOptions = Omit<RunOptions, "onEvent">;

/**
 * Trains a run in its directory, like {@link trainRun}, as an async iteration over its events. Training
 * pauses at each event until the next one is asked for. Leaving the loop stops training and writes a
 * checkpoint to resume from. Aborting the signal does so too, and the loop throws `INTERRUPTED`.
 *
 * @example
 * for await (const event of trainEvents({ toolkit, config, name, directory })) {
 *   if (event.kind === "train" && event.loss < 0.1) break;
 * }
 * @throws as {@link openRun} and {@link trainRun}
 */
export function trainEvents(options: IteratedRunOptions): AsyncGenerator<TrainEvent, void, void> {
  return eventStream<TrainEvent>(async (emit, signal) => {
    const run = await openRun({ ...options, onEvent: emit, signal });
    try {
      disposeParams(await trainRun(run));
    } finally {
      await run.close();
    }
    return { kind: "trained", directory: options.directory };
  }, options.signal);
}

/**
 * Trains and evaluates a run, like {@link finishRun}, as an iteration over its events; see {@link trainEvents}.
 *
 * @throws as {@link finishRun}
 */
export function runEvents(options: IteratedRunOptions): AsyncGenerator<FinishEvent, void, void> {
  return eventStream<FinishEvent>(async (emit, signal) => {
    const run = await finishRun({ ...options, onEvent: emit, signal });
    return { kind: "finished", run };
  }, options.signal);
}

/**
 * Carries out a comparison, like {@link compareRuns}, as an iteration over its events; see {@link trainEvents}.
 *
 * @throws as {@link compareRuns}
 */
export function comparisonEvents(
  options: Omit<CompareOptions, "onEvent" | "onRun" | "onFailure">,
): AsyncGenerator<ComparisonEvent, void, void> {
  const total = options.runs.length;
  return eventStream<ComparisonEvent>(async (emit, signal) => {
    const outcome = await compareRuns({
      ...options,
      signal,
      onRun: (run, index) => void emit({ kind: "run", run, index, total }),
      onEvent: (run, event) => emit({ ...event, run }),
      onFailure: (failure) => void emit({ kind: "failed", failure }),
    });
    return { kind: "compared", outcome };
  }, options.signal);
}
