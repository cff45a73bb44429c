import * as tf from "@tensorflow/tfjs";
import { crossEntropy } from "../autodiff/crossEntropy.js";
import { isOptionBatch } from "./optionBatch.js";
import type { TokenBatch } from "./tokenBatch.js";

/**
 * Mean loss of a batch, computed from the losses of its scored tokens.
 *
 * It is the mean over sequences of each sequence's mean over its scored tokens: the sum of the losses
 * weighted by `batch.scoredWeights`. It is not the mean over all scored tokens, unless all sequences have
 * equally many. Source: Min et al. 2022, section 3.1. For a slice of a batch, which keeps its weights, it is
 * the slice's part of that mean.
 *
 * For an {@link OptionBatch} it is the mean over examples of `-log softmax(s)[gold]`, where `s` is the
 * log-likelihood of each option. Source: Chen et al. 2022 (in-context tuning), section 2; equal to their
 * softmax over verbalisers for options of one token.
 *
 * @param losses `[scored]`, negative log-likelihoods in nats
 */
export function batchLoss(losses: tf.Tensor1D, batch: TokenBatch): tf.Scalar {
  return tf.tidy(() => {
    if (!isOptionBatch(batch)) return tf.sum(tf.mul(losses, batch.scoredWeights));
    const { optionTokens, optionMask, optionOffsets, gold } = batch;
    const each = tf.gather(losses, tf.reshape(optionTokens, [-1]));
    const perOption = tf.sum(tf.mul(tf.reshape(each, optionTokens.shape), optionMask), 2);
    const logits = tf.neg(tf.add(perOption, optionOffsets)) as tf.Tensor2D;
    return tf.mean(crossEntropy(logits, gold)) as tf.Scalar;
  });
}
