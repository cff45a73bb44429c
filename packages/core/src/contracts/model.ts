import type * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { TokenBatch } from "../batch/tokenBatch.js";
import type { TokenPrefix, TreeBatch } from "../batch/tokenTree.js";
import type { FloatType } from "../checkpoint/elementTypes.js";
import type { Params } from "../params.js";

/**
 * One part of a model's forward pass, such as a block: maps the output of the part before it to its own.
 * Parts that compute alike share one `apply`, and are compiled once.
 */
export interface Segment<B = Batch> {
  /** The parameters that it reads: the model's names by the names that `apply` uses. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * Pure, and differentiable twice in parameters and state.
   *
   * @param state output of the segment before: tensors of numbers by name; none for the first
   * @returns the input of the next one; the last one `{ loss }`
   */
  apply(params: Params, state: Params, batch: B): Params;
}

/** A function from named parameters and a batch to a loss. It holds no parameters itself. */
export interface Model<B extends Batch = Batch> {
  readonly name: string;
  /** Fresh or pretrained parameters. The caller owns the tensors. */
  init(seed: number): Promise<Params>;
  /**
   * Mean loss over the batch: a scalar, differentiable twice. The same arguments give the same loss,
   * so that a gradient and a Hessian-vector product at one inner step are those of one function: a
   * model with dropout takes its mask from the batch. Those of metalearn have none.
   */
  loss(params: Params, batch: B): tf.Scalar;
  /**
   * The same loss in parts, one after the other, for gradients that keep what passes from part to part
   * and compute the rest again. `runSegments` makes `loss` of them. A model without segments can have no
   * gradient checkpointing.
   */
  readonly segments?: readonly Segment<B>[];
  /** Writes the parameters in the model's own file format. Default: `model.safetensors`. */
  save?(params: Params, directory: string, options?: SaveOptions): Promise<void>;
  /** Reads what `save` wrote. The caller owns the tensors. */
  load?(directory: string): Promise<Params>;
  /** How Hugging Face's PEFT sees the parameters; absent when it knows no such model. */
  readonly peft?: PeftNames;
}

/** How a model writes its parameters. */
export interface SaveOptions {
  /** What float32 is stored as, rounded to the nearest. @default "float32" */
  readonly dtype?: FloatType;
}

/** Gives a model more parameters, such as low-rank ones, and a loss that uses them. */
export type ModelAdapter = (model: Model) => Model | Promise<Model>;

/** What an adapter must know of a model so that PEFT opens it on the same model in transformers. */
export interface PeftNames {
  /** What transformers has before the parameters' names: `transformer.`. */
  readonly prefix: string;
  /** Matrices of linear layers, stored `[in, out]`: names, where `*` stands for any text. */
  readonly linear: readonly string[];
}

/** Inputs and what a model should make of them. */
export interface ExampleBatch extends Batch {
  /** `[examples, inputs]` */
  readonly x: tf.Tensor;
  /** Numbers `[examples, outputs]`, or classes `[examples]`, int32. */
  readonly y: tf.Tensor;
}

/** A model that predicts from single inputs: a regression or a classifier. */
export interface Predictor extends Model<ExampleBatch> {
  /** The predicted numbers, or the scores of the classes, for inputs `x`: `[examples, outputs]`. */
  outputs(params: Params, x: tf.Tensor): tf.Tensor2D;
}

/** Whether `model` predicts from single inputs. */
export function isPredictor(model: Model): model is Model & Predictor {
  return "outputs" in model;
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly name: string;
  readonly vocabularySize: number;
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** Writes it into a checkpoint folder so that other tools open it there with the model. */
  save?(directory: string, maxTokens: number): Promise<void>;
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
  /** Reads embeddings before tokens. A model without it can have no soft prompt. */
  readonly prompts?: PromptReader;
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

/** How a model reads a soft prompt: embeddings that stand before every sequence. */
export interface PromptReader {
  /** The parameter that holds the embeddings of all tokens, `[vocabulary, width]`. */
  readonly embeddings: string;
  /**
   * The model with `prompt(params)`, `[tokens, width]`, before every sequence: a prefix in the first
   * positions, which all tokens see and in which nothing is scored. Batches and trees stay as they
   * are; they do not count it, and `maxTokens` is less by its length.
   *
   * @throws MetaError `BAD_OPTION` when it leaves no room for tokens
   */
  prompted(tokens: number, prompt: (params: Params) => tf.Tensor2D): PromptedModel;
}

/** What a soft prompt changes of a model. */
export type PromptedModel = Pick<
  LanguageModel,
  "maxTokens" | "loss" | "tokenLosses" | "trees" | "bytesPerToken"
>;

/** The KV cache of a prefix: tensors whose names mean something to its model only. */
export type PrefixState = Readonly<Record<string, tf.Tensor>>;

/** Whether `model` reads token sequences. */
export function isLanguageModel(model: Model): model is Model & LanguageModel {
  return "tokenizer" in model && "tokenLosses" in model;
}
