import type { NamedRun } from "../config/runsOf.js";
import { disposeParams } from "../params.js";
import {
  type CompareOptions,
  type ComparisonOutcome,
  compareRuns,
  type FailedRun,
} from "./compareRuns.js";
import { eventStream } from "./eventStream.js";
import { finishRun } from "./finishRun.js";
import { openRun, type RunOptions } from "./openRun.js";
import type { ComparedRun } from "./readFinishedRun.js";
import type { RunEvent } from "./runEvent.js";
import { trainRun } from "./trainRun.js";

/** The events of {@link trainEvents}, the last of them `trained`. */
export type TrainEvent = RunEvent | { readonly kind: "trained"; readonly directory: string };

/** The events of {@link runEvents}, the last of them `finished`. */
export type FinishEvent = RunEvent | { readonly kind: "finished"; readonly run: ComparedRun };

/** The events of {@link comparisonEvents}, the last of them `compared`. */
export type ComparisonEvent =
  | { readonly kind: "run"; readonly run: NamedRun; readonly index: number; readonly total: number }
  | (RunEvent & { readonly run: NamedRun })
  | { readonly kind: "failed"; readonly failure: FailedRun }
  | { readonly kind: "compared"; readonly outcome: ComparisonOutcome };

/** A run's options where its events are iterated over. */
export type IteratedRunOptions = Omit<RunOptions, "onEvent">;

/**
 * Trains a run in its directory, as {@link trainRun} does, event by event. Training makes an update
 * when the event after it is asked for. Leaving the loop stops it there, with a checkpoint to go on
 * from; so does the signal, which makes the loop throw `INTERRUPTED`.
 *
 * @example
 * for await (const event of trainEvents({ toolkit, config, name, directory })) {
 *   if (event.kind === "train" && event.loss < 0.1) break;
 * }
 * @throws what {@link openRun} and {@link trainRun} throw
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
 * Trains and evaluates a run, as {@link finishRun} does, event by event; see {@link trainEvents}.
 *
 * @throws what {@link finishRun} throws
 */
export function runEvents(options: IteratedRunOptions): AsyncGenerator<FinishEvent, void, void> {
  return eventStream<FinishEvent>(async (emit, signal) => {
    const run = await finishRun({ ...options, onEvent: emit, signal });
    return { kind: "finished", run };
  }, options.signal);
}

/**
 * Carries out a comparison, as {@link compareRuns} does, event by event; see {@link trainEvents}.
 *
 * @throws what {@link compareRuns} throws
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
