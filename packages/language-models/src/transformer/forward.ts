import {
  batchLoss,
  crossEntropy,
  type Params,
  runSegments,
  type Segment,
  type TokenBatch,
  tensorNamed,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type Architecture, blockNames, blockParams, hasTiedHead } from "./architecture.js";
import {
  attentionAtOutputs,
  attentionEverywhere,
  type BlockInput,
  causalMask,
  type LayerCache,
} from "./attention.js";
import { embedTokens } from "./embedding.js";
import { type KvCache, layerCache } from "./kvCache.js";
import { rowPositions } from "./positions.js";

/** Input of a forward pass. */
export interface ForwardInput extends BlockInput {
  readonly inputIds: tf.Tensor2D; // [B, T]
}

/**
 * One forward pass: embedding, blocks, final norm and output head.
 *
 * @param cache keys and values of tokens that precede every row
 * @returns logits at `outputs`, [outputs, V], or of all tokens, [B*T, V]
 */
export function forward(
  architecture: Architecture,
  params: Params,
  input: ForwardInput,
  cache?: KvCache,
): tf.Tensor2D {
  const stages = stagesOf(architecture, (given: ForwardInput) => given, cache);
  const { logits } = runSegments(stages, params, { ...input, mask: causalMask(input) });
  return logits as tf.Tensor2D;
}

/** The stages of a forward pass as segments of the loss: the embedding, and one per layer. */
export function lossSegments(architecture: Architecture): Segment<TokenBatch>[] {
  const stages = stagesOf(architecture, (batch: TokenBatch) => ({
    inputIds: batch.inputIds,
    positions: rowPositions(batch.inputIds, architecture.maxTokens),
    outputs: batch,
  }));
  const last = stages.pop() as Segment<TokenBatch>;
  const withLoss: Segment<TokenBatch> = {
    params: last.params,
    apply(params, state, batch) {
      const { logits } = last.apply(params, state, batch);
      return { loss: lossOf(logits as tf.Tensor2D, batch) };
    },
  };
  return [...stages, withLoss];
}

/** The loss of a batch from logits at its scored positions, [scored, V]: a scalar. */
export function lossOf(logits: tf.Tensor2D, batch: TokenBatch): tf.Scalar {
  return batchLoss(tokenLosses(logits, batch), batch);
}

/** The negative log-likelihood of each scored token, [scored], from logits, [scored, V]. */
export function tokenLosses(logits: tf.Tensor2D, { scoredIds }: TokenBatch): tf.Tensor1D {
  return crossEntropy(logits, scoredIds);
}

/**
 * The stages of a forward pass, in order: the embedding, all blocks but the last, and the last block with the output
 * head.
 */
function stagesOf<I>(
  architecture: Architecture,
  inputOf: (given: I) => ForwardInput,
  cache?: KvCache,
): Segment<I>[] {
  const { layers, shapes, block, head, tokenEmbeddings } = architecture;
  const rowsOf = (state: Params) => tensorNamed(state, "x") as tf.Tensor2D; // [B*T, C]
  const last = layers - 1;
  const cacheOf = (layer: number) => cache && layerCache(cache, layer);

  const embedding: Segment<I> = {
    params: underSameName(Object.keys(shapes.embed)),
    apply: (params, _, given) => ({ x: embedTokens(architecture, params, inputOf(given)) }),
  };
  const applyBlock =
    (past?: LayerCache): Segment<I>["apply"] =>
    (params, state, given) => ({
      x: block(rowsOf(state), params, attentionEverywhere(inputOf(given), past)),
    });
  const applyUncached = applyBlock(); // one for all blocks, which are then compiled once
  const blocks = Array.from({ length: last }, (_, layer) => ({
    params: blockNames(architecture, layer),
    apply: cache ? applyBlock(cacheOf(layer)) : applyUncached,
  }));
  const end: Segment<I> = {
    params: underSameName([
      ...Object.values(blockNames(architecture, last)),
      ...Object.keys(shapes.head),
      ...(hasTiedHead(architecture) ? [tokenEmbeddings] : []),
    ]),
    apply(params, state, given) {
      const rows = tf.tidy(() => {
        const context = attentionAtOutputs(inputOf(given), cacheOf(last));
        return block(rowsOf(state), blockParams(architecture, params, last), context);
      });
      return { logits: head(rows, params) };
    },
  };
  return [embedding, ...blocks, end];
}

function underSameName(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}
