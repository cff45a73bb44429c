import { type Params, tensorNamed } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { Architecture } from "./architecture.js";
import type { Positions } from "./positions.js";

/** The embedding of tokens: the residual stream before the first block, [B*T, C]. */
export function embedTokens(
  architecture: Architecture,
  params: Params,
  { inputIds, positions }: { readonly inputIds: tf.Tensor2D; readonly positions: Positions },
): tf.Tensor2D {
  const table = tensorNamed(params, architecture.tokenEmbeddings);
  return embedRows(architecture, params, tf.gather(table, inputIds), positions);
}

/** The residual stream before the first block, [B*T, C], from embeddings of tokens, [B, T, C] or [T, C]. */
export function embedRows(
  { embed }: Architecture,
  params: Params,
  tokens: tf.Tensor,
  positions: Positions,
): tf.Tensor2D {
  const embedded = embed ? embed(tokens, params, positions) : tokens;
  return tf.reshape(embedded, [positions.batch * positions.time, tokens.shape.at(-1) as number]);
}
