import type * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import type { TokenBatch } from "../batch/tokenBatch.js";
import type { TokenPrefix, TreeBatch } from "../batch/tokenTree.js";
import type { FloatType } from "../checkpoint/elementTypes.js";
import type { Params } from "../params.js";
import type { ChatMessage, ChatTemplateOptions } from "./chat.js";

/**
 * One stage of a model's forward pass, such as a transformer block: maps the state that the previous
 * segment returned to its own. Segments that compute alike share one `apply`, which is compiled once.
 */
export interface Segment<B = Batch> {
  /** Parameters that the segment reads: from the names that `apply` uses to the model's names. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * Computes the segment. Pure, and differentiable twice with respect to parameters and state.
   *
   * @param state tensors that the previous segment returned, by name; empty for the first segment
   * @returns the next segment's `state`; `{ loss }` from the last segment
   */
  apply(params: Params, state: Params, batch: B): Params;
}

/** A function from named parameters and a batch to a loss. A model holds no parameters. */
export interface Model<B extends Batch = Batch> {
  readonly name: string;
  /** Initial parameters, random or pretrained. The caller owns the tensors. */
  init(seed: number): Promise<Params>;
  /**
   * Mean loss over the batch: a scalar, differentiable twice. Deterministic, so that a gradient and a
   * Hessian-vector product at the same inner step belong to the same function: a model with dropout
   * takes its mask from the batch. Metalearn's own models have no dropout.
   */
  loss(params: Params, batch: B): tf.Scalar;
  /**
   * `loss` as a chain of segments. Gradient checkpointing keeps only the states between
   * segments and recomputes the rest, and needs them. `runSegments`
   * makes `loss` of segments.
   */
  readonly segments?: readonly Segment<B>[];
  /** Writes the parameters in the model's own file format. @default writes `model.safetensors` */
  save?(params: Params, directory: string, options?: SaveOptions): Promise<void>;
  /** Reads what `save` wrote. The caller owns the tensors. */
  load?(directory: string): Promise<Params>;
  /** Shapes of all parameters by name, where they are known before any is loaded. */
  readonly parameterShapes?: Readonly<Record<string, readonly number[]>>;
  /** Files that `init` reads pretrained parameters from; absent where it draws them. */
  readonly weights?: StoredWeights;
  /** Parameter names as Hugging Face's PEFT knows them; absent for models that PEFT does not know. */
  readonly peft?: PeftNames;
}

/** Files of pretrained parameters. */
export interface StoredWeights {
  /** Path or name on the hub that the user gave. */
  readonly source?: string;
  readonly files: readonly string[];
  /** Size of all files. */
  readonly bytes: number;
  /** Number of tensors by storage type, such as `{ F32: 61, Q4_1: 210 }`. */
  readonly types: Readonly<Record<string, number>>;
}

/** Options of {@link Model.save}. */
export interface SaveOptions {
  /** Storage type of float32 tensors, rounded to nearest. @default "float32" */
  readonly dtype?: FloatType;
  /** Path of the base model, or its name on the hub, for the files of an adapter. @default not recorded */
  readonly base?: string | undefined;
}

/** Adds parameters to a model, such as low-rank matrices, and returns a model whose loss uses them. */
export type ModelAdapter = (model: Model) => Model | Promise<Model>;

/** Names that an adapter needs, so that PEFT can load it onto the same model in transformers. */
export interface PeftNames {
  /** Prefix of parameter names in transformers, such as `transformer.`. */
  readonly prefix: string;
  /** Name patterns of linear layers' weights; `*` matches any text. */
  readonly linear: readonly string[];
  /** True where these weights are stored `[in, out]`, as GPT-2's; false for `[out, in]`, as torch's `Linear`. */
  readonly fanInFanOut: boolean;
}

/** Inputs and targets of a supervised batch. */
export interface ExampleBatch extends Batch {
  /** `[examples, inputs]` */
  readonly x: tf.Tensor;
  /** Regression targets `[examples, outputs]`, or class indices `[examples]`, int32. */
  readonly y: tf.Tensor;
}

/** A model that maps single inputs to outputs: a regressor or a classifier. */
export interface Predictor extends Model<ExampleBatch> {
  /** Predicted values or class logits for inputs `x`: `[examples, outputs]`. */
  outputs(params: Params, x: tf.Tensor): tf.Tensor2D;
}

/** Narrows `model` to a {@link Predictor}. */
export function isPredictor(model: Model): model is Model & Predictor {
  return "outputs" in model;
}

/** Maps text to token ids and back. */
export interface Tokenizer {
  readonly name: string;
  readonly vocabularySize: number;
  encode(text: string): number[];
  /**
   * The first `limit` ids of `encode(text)`, in time proportional to them. Without it all of the text is
   * encoded first.
   */
  encodeStart?(text: string, limit: number): number[];
  /** The last `limit` ids of `encode(text)`, likewise. */
  encodeEnd?(text: string, limit: number): number[];
  decode(ids: readonly number[]): string;
  /** Ids of tokens that end a text: generation stops at them. @default none */
  readonly eosTokenIds?: readonly number[];
  /** Ids before and after a complete text, such as BOS and EOS, which `encode` does not add. @default none */
  readonly around?: { readonly before: readonly number[]; readonly after: readonly number[] };
  /**
   * Writes the messages of a chat as the text that the model was trained on; `encode` reads its special
   * tokens. Absent where there is no chat template.
   *
   * @throws MetaError `BAD_DATA` for messages that the template refuses
   */
  applyChatTemplate?(messages: readonly ChatMessage[], options?: ChatTemplateOptions): string;
  /** Writes the tokenizer's files into a checkpoint folder, where other tools find them. */
  save?(directory: string, maxTokens: number): Promise<void>;
}

/** A model over token sequences. Its `loss` is the `batchLoss` of its `tokenLosses`. */
export interface LanguageModel extends Model<TokenBatch> {
  readonly tokenizer: Tokenizer;
  /** Context length in tokens. */
  readonly maxTokens: number;
  /**
   * Negative log-likelihood of each scored token, in nats: `[scored]`, in the order of
   * `batch.scoredIds`.
   */
  tokenLosses(params: Params, batch: TokenBatch): tf.Tensor1D;
  /** Support for soft prompts. @default none */
  readonly prompts?: PromptReader;
  /** Support for shared prefixes and trees. @default every sequence is read in full */
  readonly trees?: TreeReader;
  /** Support for `generate`. @default none */
  readonly generation?: TokenReader;
  /**
   * Approximate memory, in bytes, that scoring needs per token that attends to `context` tokens.
   * Evaluation chooses its batch size by it.
   *
   * @default 1 MiB
   */
  bytesPerToken?(context: number): number;
}

/**
 * Scores sequences that share beginnings and computes what is shared once. Both functions are pure, so
 * that a runtime can compile them; losses equal those of the sequences read one by one.
 */
export interface TreeReader {
  /** Computes the KV cache of a prefix that many trees share. The caller owns the tensors. */
  readPrefix(params: Params, prefix: TokenPrefix): PrefixState;
  /**
   * Negative log-likelihood of each answer token, in nats: `[answers]`. A token attends to the prefix,
   * and to earlier tokens of its tree's trunk and of its own branch.
   */
  treeLosses(params: Params, batch: TreeBatch, prefix?: PrefixState): tf.Tensor1D;
}

/**
 * Reads one sequence token by token, with a KV cache. Both functions are pure, and their shapes do not change
 * from one token to the next, so that a runtime compiles each once per capacity.
 */
export interface TokenReader {
  /**
   * Reads a prompt of at least one token into a new KV cache.
   *
   * @param capacity least number of tokens that the cache has room for, those of the prompt included
   */
  readPrompt(params: Params, prompt: TokenPrefix, capacity: number): NextToken;
  /**
   * Reads one more token.
   *
   * @param token int32 scalars: its id, and its position, which is the number of tokens read before it
   */
  readToken(params: Params, token: PlacedToken, cache: PrefixState): NextToken;
  /**
   * Reads more tokens at once into a copy of a cache, so that several prompts can begin with what it holds. Its capacity
   * has to be enough for all of them.
   *
   * @default prompts with a common beginning are read in full
   */
  readMore?(params: Params, tokens: PlacedTokens, cache: PrefixState): NextToken;
}

/** Tokens of one sequence in a row, with the position of the first: the number of tokens read before. */
export interface PlacedTokens extends TokenPrefix {
  /** int32 */
  readonly position: tf.Scalar;
}

/** A token and its position in the sequence, from 0: int32 scalars. */
export interface PlacedToken {
  readonly id: tf.Scalar;
  readonly position: tf.Scalar;
}

/** The state after a token was read. The caller owns the tensors. */
export interface NextToken {
  /** Unnormalised log-probabilities of the next token: `[vocabulary]`. */
  readonly logits: tf.Tensor1D;
  /** The KV cache with all tokens that were read. */
  readonly cache: PrefixState;
}

/** Reads a soft prompt: trainable embeddings in front of every sequence (Lester et al. 2021). */
interface PromptReader {
  /** Name of the token embedding matrix, `[vocabulary, width]`. */
  readonly embeddings: string;
  /**
   * The model with the embeddings `prompt(params)`, `[tokens, width]`, in front of every sequence. They
   * take the first positions; every token attends to them, and none of them is scored. Batches and trees
   * do not contain them, and `maxTokens` is smaller by `tokens`.
   *
   * @throws MetaError `BAD_OPTION` when the prompt fills the context
   */
  prompted(tokens: number, prompt: (params: Params) => tf.Tensor2D): PromptedModel;
}

/** The parts of a model that a soft prompt replaces. */
export type PromptedModel = Pick<
  LanguageModel,
  "maxTokens" | "loss" | "tokenLosses" | "trees" | "generation" | "bytesPerToken"
>;

/** The KV cache of a prefix: tensors whose names mean something to its model only. */
export type PrefixState = Readonly<Record<string, tf.Tensor>>;

/** Narrows `model` to a {@link LanguageModel}. */
export function isLanguageModel(model: Model): model is Model & LanguageModel {
  return "tokenizer" in model && "tokenLosses" in model;
}
