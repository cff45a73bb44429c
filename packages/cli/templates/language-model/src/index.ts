import {
  defineFactory,
  definePlugin,
  type FactoryContext,
  MetaError,
  type Params,
  parseOptions,
} from "@metalearn/core";
import {
  type Architecture,
  type AttentionContext,
  byteTokenizer,
  gelu,
  layerNorm,
  linear,
  openPretrained,
  requireConfig,
  rotaryAngles,
  rotate,
  splitHeads,
  type Transformer,
  transformer,
} from "@metalearn/language-models";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config, and `model_type` in config.json; no other plugin that the config lists may have it. */
const name = "__component__";

const count = z.int().min(1);

/** Keys of config.json that decide the arithmetic. What is not implemented is refused by its key. */
const configJson = z.object({
  model_type: z.literal(name),
  vocab_size: count,
  max_position_embeddings: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  layer_norm_eps: z.number().positive().default(1e-5),
  initializer_range: z.number().min(0).default(0.02),
});

type ConfigJson = z.output<typeof configJson>;

/**
 * The parts of a decoder-only transformer with rotary positions, whose layers add attention and MLP of the same
 * normalized input to the residual stream. The output head is tied to the embeddings.
 *
 * Source: Wang and Komatsuzaki 2021, GPT-J, for the parallel layers.
 *
 * @throws MetaError `BAD_OPTION` for heads of unequal or odd width
 */
export function __factory__Architecture(config: ConfigJson): Architecture {
  const { hidden_size: width, num_attention_heads: heads } = config;
  if (width % (2 * heads) !== 0) {
    throw new MetaError(
      "BAD_OPTION",
      `width: expected a multiple of 2 * heads (${2 * heads}), got ${width}.`,
    );
  }
  const anglesAt = rotaryAngles(width / heads, config.max_position_embeddings, { theta: 10_000 });

  /** Causal self-attention: [B*T, C] to [outputs, C]. */
  function attention(x: tf.Tensor2D, params: Params, context: AttentionContext): tf.Tensor2D {
    const headsOf = (rows: tf.Tensor2D, projection: string) =>
      splitHeads(linear(rows, params, projection), heads);
    const { cos, sin } = anglesAt(context.positions());
    const ofQueries = { cos: context.queryRows(cos), sin: context.queryRows(sin) };
    const mixed = context.attend(
      rotate(headsOf(context.queryRows(x), "query"), ofQueries),
      rotate(headsOf(x, "key"), { cos, sin }),
      headsOf(x, "value"),
    );
    return linear(mixed, params, "out");
  }

  /** One layer: [B*T, C] to [outputs, C]. */
  function block(x: tf.Tensor2D, params: Params, context: AttentionContext): tf.Tensor2D {
    const normed = layerNorm(x, params, "norm", config.layer_norm_eps);
    const mlp = linear(
      gelu(linear(context.outputRows(normed), params, "mlp.in")),
      params,
      "mlp.out",
    );
    return tf.addN([context.outputRows(x), attention(normed, params, context), mlp]);
  }

  const layer = (tensor: string, outputs: number, inputs: number) => ({
    [`${tensor}.weight`]: [outputs, inputs],
    [`${tensor}.bias`]: [outputs],
  });
  const norm = (tensor: string) => ({ [`${tensor}.weight`]: [width], [`${tensor}.bias`]: [width] });
  return {
    name,
    maxTokens: config.max_position_embeddings,
    layers: config.num_hidden_layers,
    heads,
    shapes: {
      embed: { "embed.weight": [config.vocab_size, width] },
      block: {
        ...norm("norm"),
        ...layer("query", width, width),
        ...layer("key", width, width),
        ...layer("value", width, width),
        ...layer("out", width, width),
        ...layer("mlp.in", 4 * width, width),
        ...layer("mlp.out", width, 4 * width),
      },
      head: norm("final_norm"),
    },
    blockPrefix: (index) => `layers.${index}.`,
    tokenEmbeddings: "embed.weight",
    outputHead: "lm_head.weight", // in no shape: tied, so that `head` receives the embeddings
    initialDeviation: () => config.initializer_range,
    block,
    head: (x, params) =>
      tf.matMul(
        layerNorm(x, params, "final_norm", config.layer_norm_eps),
        params["embed.weight"] as tf.Tensor2D,
        false,
        true,
      ),
    checkpoint: { title: name, prefix: "", config },
  };
}

const options = z.strictObject({
  layers: count.default(2).describe("Layers."),
  width: count.default(64).describe("Width of the residual stream: a multiple of 2 * heads."),
  heads: count.default(2).describe("Heads of attention."),
  maxTokens: count.default(128).describe("Longest sequence, in tokens."),
  initializerRange: z.number().min(0).default(0.1).describe("Spread of fresh matrices."),
  weights: z
    .string()
    .optional()
    .describe(
      "A folder that `metalearn export` or training wrote, in place of a new model: parameters, shape and tokenizer. Default: a new one, with a token per byte.",
    ),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * A new model, or the one in the folder `weights`. Saved, it has `config.json` and the tokenizer beside its parameters.
 *
 * @throws MetaError `BAD_OPTION`; `MISSING_FILE` or `BAD_CHECKPOINT` for `weights`
 */
export async function __factory__(
  given: __Factory__Options = {},
  { path }: Pick<FactoryContext, "path"> = { path: (relative) => relative },
): Promise<Transformer> {
  const { weights, ...shape } = parseOptions(options, given);
  if (weights !== undefined) {
    const format = {
      readConfig: (file: string) => requireConfig(file, configJson, name),
      architecture: __factory__Architecture,
    };
    const { config, tokenizer, pretrained } = await openPretrained(path(weights), format, {});
    return { ...transformer(__factory__Architecture(config), tokenizer), ...pretrained };
  }
  const config = configJson.parse({
    model_type: name,
    vocab_size: byteTokenizer.vocabularySize,
    max_position_embeddings: shape.maxTokens,
    hidden_size: shape.width,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    initializer_range: shape.initializerRange,
  });
  return transformer(__factory__Architecture(config), byteTokenizer);
}

export default definePlugin({
  name: "__package__",
  models: { [name]: defineFactory(options, __factory__) },
  checkpoints: { [name]: name }, // `model: { weights: ./folder }` opens what this model has saved
});
