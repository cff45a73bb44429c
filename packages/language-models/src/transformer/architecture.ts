import { type Params, type PeftNames, tensorNamed } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";
import type { AttentionContext } from "./attention.js";
import type { Positions } from "./positions.js";

/** Shapes of tensors by name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/**
 * The parts of a decoder-only transformer in which architectures differ: parameters, and the arithmetic of each part.
 * `transformer` makes a language model of it.
 *
 * All functions are pure and differentiable twice. Tokens of a batch are rows, `[B*T, C]`, where C is the
 * width of the residual stream and V the size of the vocabulary.
 */
export interface Architecture {
  /** Name of the architecture and the model: `gpt2`. */
  readonly name: string;
  /** Longest sequence, in tokens. */
  readonly maxTokens: number;
  readonly layers: number;
  /** Heads of queries in each layer. */
  readonly heads: number;
  /**
   * Shapes of all parameters, in the model's order: of the embedding; of each block, by names within it; of the final
   * norm and the output head.
   */
  readonly shapes: { readonly embed: Shapes; readonly block: Shapes; readonly head: Shapes };
  /** Prefix of the names of a block's parameters: `h.0.` */
  blockPrefix(layer: number): string;
  /** The parameter with the embeddings of all tokens, `[V, C]`. */
  readonly tokenEmbeddings: string;
  /**
   * Transformers' name of the output head, such as `lm_head.weight`. If no parameter has this name, the head is tied:
   * `head` receives the token embeddings as well.
   */
  readonly outputHead: string;
  /** Standard deviation of a matrix at initialization. Vectors are initialized to 0 (`.bias`) or 1. */
  initialDeviation(name: string): number;
  /**
   * Adds embeddings of positions to those of tokens, or scales them.
   *
   * @param tokens `[B, T, C]`, or `[T, C]` for a soft prompt
   * @returns the same shape; default: `tokens`
   */
  embed?(tokens: tf.Tensor, params: Params, positions: Positions): tf.Tensor;
  /**
   * One layer: attention and MLP, each added to the residual stream.
   *
   * @param x `[B*T, C]`
   * @param params by their names within the block
   * @returns the output at `context.outputRows`: `[outputs, C]`
   */
  block(x: tf.Tensor2D, params: Params, context: AttentionContext): tf.Tensor2D;
  /** Final norm and output head: `[outputs, C]` to logits, `[outputs, V]`. */
  head(x: tf.Tensor2D, params: Params): tf.Tensor2D;
  readonly checkpoint: CheckpointFormat;
}

/** An architecture in the files of transformers. */
export interface CheckpointFormat {
  /** The architecture in messages: `GPT-2`. */
  readonly title: string;
  /** Prefix of transformers' parameter names, except the output head's: `transformer.` */
  readonly prefix: string;
  /** Names, without the prefix, of stored tensors that are no parameters, such as causal masks. */
  readonly buffers?: RegExp;
  /** The matrices that PEFT adapts, and their layout. */
  readonly peft?: Omit<PeftNames, "prefix">;
  /** Contents of `config.json`, but for the type of the tensors. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Shapes of all parameters, in the model's order. */
export function parameterShapes({
  layers,
  shapes,
  blockPrefix,
}: Pick<Architecture, "layers" | "shapes" | "blockPrefix">): Record<string, number[]> {
  const blocks = Array.from({ length: layers }, (_, layer) =>
    Object.entries(shapes.block).map(
      ([name, shape]) => [blockPrefix(layer) + name, shape] as const,
    ),
  );
  const all = [...Object.entries(shapes.embed), ...blocks.flat(), ...Object.entries(shapes.head)];
  return Object.fromEntries(all.map(([name, shape]) => [name, [...shape]]));
}

/** True if the output head is the token embedding matrix. */
export function hasTiedHead({ shapes, outputHead }: Pick<Architecture, "shapes" | "outputHead">) {
  return !Object.hasOwn(shapes.head, outputHead);
}

/** Names of a block's parameters in the model, by their names within the block. */
export function blockNames(
  { shapes, blockPrefix }: Pick<Architecture, "shapes" | "blockPrefix">,
  layer: number,
): Record<string, string> {
  const prefix = blockPrefix(layer);
  return Object.fromEntries(Object.keys(shapes.block).map((name) => [name, prefix + name]));
}

/** A block's parameters by their names within it. */
export function blockParams(architecture: Architecture, params: Params, layer: number): Params {
  const names = Object.entries(blockNames(architecture, layer));
  return Object.fromEntries(names.map(([local, name]) => [local, tensorNamed(params, name)]));
}
