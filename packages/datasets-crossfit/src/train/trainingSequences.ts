import { type OptionExample, randomFor, type TokenSequence } from "@metalearn/core";
import { type NearestRows, nearestRows } from "../data/nearestRows.js";
import type { DemonstrationChoice } from "../options.js";
import { assembleSequence } from "../prompt/assembleSequence.js";
import type { ExampleTokens } from "../prompt/exampleEncoder.js";
import { drawDistinct } from "./draws.js";
import type { RowAddress } from "./rowAddress.js";
import type { TrainingTask } from "./trainingTask.js";

/** Options of training sequences. */
export interface TrainingSequenceOptions {
  readonly tasks: readonly TrainingTask[];
  /** Number of demonstrations before each example. */
  readonly shots: number;
  readonly demonstrations: DemonstrationChoice;
  readonly maxTokens: number;
  readonly seed: number;
}

/** Position of a draw among all draws; only fresh demonstrations depend on it. */
export interface Draw {
  readonly update: number;
  /** Number of the draw within its meta-update. */
  readonly index: number;
}

/** Makes training sequences of a row. */
export interface TrainingSequences {
  /** Sequence of a row with its answer. */
  answered(address: RowAddress, draw: Draw): TokenSequence;
  /** Sequences of a row, one with each of its options. */
  perOption(address: RowAddress, draw: Draw): OptionExample;
}

/**
 * Training sequences: a row after `shots` demonstrations, drawn without replacement from the other rows of
 * its task. As in the reference, a demonstration may also be trained on or asked about in the same episode.
 *
 * Source: Min et al. 2022, section 3.1. `nearest`: Liu et al. 2022 (KATE), section 3.2, with BM25 as in Rubin
 * et al. 2022; the most similar demonstration stands next to the row itself.
 */
export function trainingSequences({
  tasks,
  shots,
  demonstrations,
  maxTokens,
  seed,
}: TrainingSequenceOptions): TrainingSequences {
  const indices = new Map<TrainingTask, NearestRows>();
  const indexOf = (task: TrainingTask) => {
    const index = indices.get(task) ?? nearestRows(task.examples().map(({ input }) => input));
    indices.set(task, index);
    return index;
  };
  const shownBefore = (task: TrainingTask, row: number, draw: Draw) => {
    const key = demonstrations === "fresh" ? [draw.update, draw.index] : [];
    const random = randomFor(seed, "demonstrations", task.name, row, ...key);
    const nearest =
      demonstrations === "nearest"
        ? indexOf(task).find(task.examples()[row]?.input ?? "", shots, row)
        : [];
    // The most similar one comes last. Rows without a common word are equally good, and are drawn at random.
    const others = drawDistinct(
      random,
      shots - nearest.length,
      task.size,
      new Set([row, ...nearest]),
    );
    return [...others, ...nearest.reverse()];
  };

  return {
    answered({ task: taskIndex, row }, draw) {
      const task = tasks[taskIndex] as TrainingTask;
      return assembleSequence({
        newestFirst: newestFirst(task, shownBefore(task, row, draw)),
        query: task.tokens(row, shots === 0),
        maxTokens,
      });
    },
    perOption({ task: taskIndex, row }, draw) {
      const task = tasks[taskIndex] as TrainingTask;
      const shown = shownBefore(task, row, draw);
      const { options, gold } = task.question(row, shots === 0);
      const sequences = options.map((query) =>
        assembleSequence({ newestFirst: newestFirst(task, shown), query, maxTokens }),
      );
      return { sequences, gold };
    },
  };
}

function* newestFirst(task: TrainingTask, rows: readonly number[]): Generator<ExampleTokens> {
  for (let i = rows.length - 1; i >= 0; i--) yield task.tokens(rows[i] as number, i === 0);
}
