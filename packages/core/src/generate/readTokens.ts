import * as tf from "@tensorflow/tfjs";
import { tokenPrefix } from "../batch/tokenTree.js";
import type { NextToken, PrefixState, TokenReader } from "../contracts/model.js";
import { disposeParams, type Params } from "../params.js";

/**
 * Reads a prompt, padded to one of few lengths. The caller owns the result.
 *
 * @param capacity number of tokens that the KV cache has room for
 */
export function readPrompt(
  reader: Pick<TokenReader, "readPrompt">,
  params: Params,
  ids: readonly number[],
  capacity: number,
): NextToken {
  const prefix = tokenPrefix(ids, capacity);
  try {
    return reader.readPrompt(params, prefix, capacity);
  } finally {
    disposeParams(prefix);
  }
}

/**
 * Reads more tokens of a sequence after those of a cache. The caller owns the result, and still the cache that was
 * passed.
 *
 * @param position of the first of them
 * @param capacity longest sequence that will be read, in tokens
 */
export function readMore(
  { readMore: read }: Required<Pick<TokenReader, "readMore">>,
  params: Params,
  { ids, position, capacity }: { ids: readonly number[]; position: number; capacity: number },
  cache: PrefixState,
): NextToken {
  const tokens = {
    ...tokenPrefix(ids, capacity - position),
    position: tf.scalar(position, "int32"),
  };
  try {
    return read(params, tokens, cache);
  } finally {
    disposeParams(tokens);
  }
}

/** Reads one more token. The caller owns the result, and still the cache that was passed. */
export function readToken(
  reader: Pick<TokenReader, "readToken">,
  params: Params,
  { id, position }: { readonly id: number; readonly position: number },
  cache: PrefixState,
): NextToken {
  const token = { id: tf.scalar(id, "int32"), position: tf.scalar(position, "int32") };
  try {
    return reader.readToken(params, token, cache);
  } finally {
    disposeParams(token);
  }
}
