import type * as tf from "@tensorflow/tfjs";
import type { Params } from "./params.js";
import type { TokenBatch } from "./tokenBatch.js";
import type { TokenPrefix, TreeBatch } from "./tokenTree.js";

/** What a model sees at once: named tensors. */
export type Batch = Readonly<Record<string, tf.Tensor>>;

/** A function from named parameters and a batch to a loss. It holds no parameters itself. */
export interface Model<B extends Batch = Batch> {
  readonly name: string;
  /** Fresh or pretrained parameters. The caller owns the tensors. */
  init(seed: number): Promise<Params>;
  /** Mean loss over the batch: a scalar, differentiable twice. */
  loss(params: Params, batch: B): tf.Scalar;
  /** Writes the parameters in the model's own file format. Default: `model.safetensors`. */
  save?(params: Params, directory: string): Promise<void>;
  /** Reads what `save` wrote. The caller owns the tensors. */
  load?(directory: string): Promise<Params>;
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly name: string;
  readonly vocabularySize: number;
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}

/** A model over token sequences, whose `loss` is the `batchLoss` of its `tokenLosses`. */
export interface LanguageModel extends Model<TokenBatch> {
  readonly tokenizer: Tokenizer;
  /** The longest sequence that the model can read, in tokens. */
  readonly maxTokens: number;
  /**
   * The negative log-likelihood of each scored token, in nats: `[scored]`, in the order of
   * `batch.scoredIds`.
   */
  tokenLosses(params: Params, batch: TokenBatch): tf.Tensor1D;
  /** Reads shared beginnings once. A model without it reads every sequence from its beginning. */
  readonly trees?: TreeReader;
  /**
   * Roughly the memory, in bytes, that scoring takes for each token that is read and sees `context`
   * tokens, from which evaluation chooses how many to read at once.
   *
   * @default 1 MiB
   */
  bytesPerToken?(context: number): number;
}

/**
 * How a model scores sequences with shared beginnings. Both functions are pure, so that a runtime
 * can compile them; losses equal those of the sequences read one by one.
 */
export interface TreeReader {
  /** Reads what many trees begin with. The caller owns the tensors. */
  readPrefix(params: Params, prefix: TokenPrefix): PrefixState;
  /**
   * The negative log-likelihood of each answer, in nats: `[answers]`. Every token sees the prefix,
   * the trunk of its tree and its own branch, as far as they come before it.
   */
  treeLosses(params: Params, batch: TreeBatch, prefix?: PrefixState): tf.Tensor1D;
}

/** What a model remembers of a prefix: tensors whose names mean something to that model only. */
export type PrefixState = Readonly<Record<string, tf.Tensor>>;

/** Whether `model` reads token sequences. */
export function isLanguageModel(model: Model): model is Model & LanguageModel {
  return "tokenizer" in model && "tokenLosses" in model;
}
