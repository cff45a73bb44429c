import {
  type LanguageModel,
  MetaError,
  type Params,
  type PrefixState,
  type PromptedModel,
  type TokenBatch,
  type Tokenizer,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { checkpointContents } from "../checkpoint/names.js";
import { readCheckpoint } from "../checkpoint/readCheckpoint.js";
import { writeCheckpoint } from "../checkpoint/writeCheckpoint.js";
import { type Architecture, parameterShapes } from "./architecture.js";
import { type ForwardInput, forward, lossOf, lossSegments, tokenLosses } from "./forward.js";
import { tokenReader } from "./generation.js";
import { initialParams } from "./initialParams.js";
import { readPrefix, readPrompt, type SoftPrompt } from "./kvCache.js";
import { rowPositions } from "./positions.js";

/** A decoder-only transformer without parameters. */
export interface Transformer extends LanguageModel {
  /** Next-token scores at every position: `[batch, time, vocabulary]`. */
  logits(params: Params, inputIds: tf.Tensor2D): tf.Tensor3D;
}

/**
 * Makes the language model of an architecture, with losses at scored positions (the last block and the head run only
 * there), segments for gradient checkpointing, shared prefixes and trees, generation with a KV cache, soft prompts,
 * and checkpoints that transformers opens.
 *
 * @throws MetaError `BAD_OPTION` when the tokenizer has more tokens than the vocabulary
 */
export function transformer(architecture: Architecture, tokenizer: Tokenizer): Transformer {
  const { name, maxTokens, tokenEmbeddings, checkpoint } = architecture;
  const vocabularySize = architecture.shapes.embed[tokenEmbeddings]?.[0] as number;
  if (tokenizer.vocabularySize > vocabularySize) {
    throw new MetaError(
      "BAD_OPTION",
      `The ${tokenizer.name} tokenizer has ${tokenizer.vocabularySize} tokens, but the model's vocabulary only ${vocabularySize}.`,
    );
  }
  return {
    name,
    tokenizer,
    parameterShapes: parameterShapes(architecture),
    ...readerOf(architecture),
    segments: lossSegments(architecture),
    prompts: {
      embeddings: tokenEmbeddings,
      prompted(tokens, embeddings) {
        if (tokens < maxTokens) return readerOf(architecture, { tokens, embeddings });
        throw new MetaError(
          "BAD_OPTION",
          `A soft prompt of ${tokens} tokens leaves no room: the model reads at most ${maxTokens}.`,
        );
      },
    },
    ...(checkpoint.peft && { peft: { prefix: checkpoint.prefix, ...checkpoint.peft } }),
    init: async (seed) => initialParams(architecture, seed),
    save: (params, directory, options) =>
      writeCheckpoint(directory, checkpointContents(architecture, params), {
        ...options,
        tokenizer,
      }),
    load: (directory) => readCheckpoint(directory, architecture),
  };
}

/** Forward passes of an architecture, with or without a soft prompt before every sequence. */
function readerOf(
  architecture: Architecture,
  prompt?: SoftPrompt,
): PromptedModel & Pick<Transformer, "logits"> {
  const start = prompt?.tokens ?? 0;
  const maxTokens = architecture.maxTokens - start;
  const promptCache = (params: Params) => prompt && readPrompt(architecture, params, prompt);
  const rowsOf = (inputIds: tf.Tensor2D) => ({
    inputIds,
    positions: rowPositions(inputIds, maxTokens, start),
  });

  const read = (params: Params, input: ForwardInput, cache = promptCache(params)) =>
    forward(architecture, params, input, cache);
  /** Logits at the scored positions, [scored, V]. */
  const scored = (params: Params, batch: TokenBatch) =>
    read(params, { ...rowsOf(batch.inputIds), outputs: batch });

  return {
    maxTokens,
    loss: (params, batch) => tf.tidy(() => lossOf(scored(params, batch), batch)),
    tokenLosses: (params, batch) => tf.tidy(() => tokenLosses(scored(params, batch), batch)),
    logits: (params, inputIds) =>
      tf.tidy(() => {
        const rows = read(params, rowsOf(inputIds)); // [B*T, V]
        return tf.reshape(rows, [...inputIds.shape, rows.shape[1]]);
      }),
    trees: {
      readPrefix: (params, prefix) =>
        tf.tidy(() => {
          const cache = promptCache(params);
          return readPrefix(architecture, params, prefix, cache && { tokens: start, cache });
        }),
      treeLosses: (params, batch, cache?: PrefixState) =>
        tf.tidy(() => {
          const { inputIds, branches, answers } = batch;
          const [rows, time] = inputIds.shape;
          const positions = { batch: rows, time, start, nodes: batch.positions };
          const scores = read(params, { inputIds, positions, branches, outputs: batch }, cache);
          const likelihoods = tf.logSoftmax(scores); // [predictions, V]
          return tf.neg(tf.gatherND(likelihoods, answers)) as tf.Tensor1D;
        }),
    },
    generation: tokenReader(architecture, start, promptCache),
    bytesPerToken: (context) => bytesPerToken(architecture, start + context),
  };
}

/**
 * Peak memory of one block, in bytes per token that attends to `context` tokens, from the inputs and outputs of its
 * matrices and the number of its heads, as measured for GPT-2.
 */
function bytesPerToken({ shapes, heads }: Architecture, context: number): number {
  const widths = Object.values(shapes.block)
    .filter((shape) => shape.length === 2)
    .flat();
  const width = widths.reduce((sum, size) => sum + size, 0);
  return 4 * ((45 / 8) * width + 8 * heads * context);
}
