import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** Positions of B * T tokens in their sequences. */
export interface Positions {
  readonly batch: number;
  readonly time: number;
  /** Position of a sequence's first token: the length of a soft prompt before all sequences. */
  readonly start: number;
  /** Positions of the nodes of trees, counted from `start`: [B, T], int32. Default: 0 to T - 1 in each row. */
  readonly nodes?: tf.Tensor2D | undefined;
}

/**
 * Positions of sequences of `inputIds`, [B, T], that begin after `start` others.
 *
 * @throws MetaError `SHAPE_MISMATCH` when they are longer than `room`
 */
export function rowPositions(inputIds: tf.Tensor2D, room: number, start = 0): Positions {
  const [batch, time] = inputIds.shape;
  if (time <= room) return { batch, time, start };
  throw new MetaError(
    "SHAPE_MISMATCH",
    `The model reads at most ${room} tokens, but was given ${time}.`,
  );
}

/** Embeddings of positions from a table, [maxTokens, C]: [T, C] for all rows alike, or [B, T, C] for trees. */
export function positionEmbeddings(table: tf.Tensor, { time, start, nodes }: Positions): tf.Tensor {
  const [, width] = table.shape as [number, number];
  if (!nodes) return tf.slice(table, [start, 0], [time, width]);
  return tf.gather(table, start > 0 ? tf.add(nodes, tf.scalar(start, "int32")) : nodes);
}

/** Positions of all tokens, row by row: [B*T], int32. */
export function flatPositions({ batch, time, start, nodes }: Positions): tf.Tensor1D {
  if (!nodes) return tf.tile(tf.range(start, start + time, 1, "int32"), [batch]);
  return tf.reshape(tf.add(nodes, tf.scalar(start, "int32")), [-1]);
}
