import { parseOptions } from "@metalearn/core";
import { z } from "zod";

const count = z.int().min(1);
const positive = z.number().positive();

/** Stretching of rotary positions for contexts longer than the model was first trained with. */
const ropeScaling = z.discriminatedUnion("type", [
  /** All frequencies divided by `factor` (Chen et al. 2023). */
  z.strictObject({ type: z.literal("linear"), factor: positive }),
  /** Low frequencies divided by `factor`, high ones kept, as Llama 3.1 does. */
  z
    .strictObject({
      type: z.literal("llama3"),
      factor: positive,
      lowFrequencyFactor: positive,
      highFrequencyFactor: positive,
      /** Context length of the first training, in tokens. */
      originalMaxTokens: count,
    })
    .refine(({ lowFrequencyFactor: low, highFrequencyFactor: high }) => low < high, {
      path: ["highFrequencyFactor"],
      error: "must be more than lowFrequencyFactor",
    }),
]);

/** The shape of a decoder of Llama's family. */
export const llamaConfig = z
  .strictObject({
    /**
     * The architecture of transformers. Qwen2 has biases of queries, keys and values, Qwen3 norms of queries and
     * keys; Llama and Mistral differ in their files alone.
     */
    family: z.enum(["llama", "mistral", "qwen2", "qwen3"]).default("llama"),
    /** Tokens in the vocabulary. */
    vocabularySize: count,
    /** Longest sequence, in tokens. */
    maxTokens: count,
    /** Width of the residual stream. */
    width: count,
    layers: count.max(1_000), // a mistake must not fill the memory with names
    /** Heads of queries, a multiple of `keyValueHeads`. */
    heads: count,
    /** Heads of keys and values. @default heads */
    keyValueHeads: count.optional(),
    /** Width of one head, an even number. @default width / heads */
    headWidth: count.optional(),
    /** Width of the hidden layer of the MLP. */
    mlpWidth: count,
    normEpsilon: positive.default(1e-6),
    ropeTheta: positive.default(10_000),
    ropeScaling: ropeScaling.optional(),
    /** True if the output head is the token embeddings. */
    tiedHead: z.boolean().default(false),
    /** Biases of all four matrices of the attention, which Llama and Qwen3 may have. */
    attentionBias: z.boolean().default(false),
    /** Biases of all three matrices of the MLP, which Llama may have. */
    mlpBias: z.boolean().default(false),
    /** Standard deviation of freshly drawn weights. */
    initializerRange: z.number().min(0).default(0.02),
    /** Ids of special tokens, for `config.json`. */
    bosId: z.int().nullable().default(null),
    eosId: z
      .union([z.int(), z.array(z.int())])
      .nullable()
      .default(null),
    padId: z.int().nullable().default(null),
  })
  .refine(({ heads, keyValueHeads = heads }) => heads % keyValueHeads === 0, {
    path: ["heads"],
    error: ({ input }) =>
      `must be a multiple of keyValueHeads (${(input as { keyValueHeads: number }).keyValueHeads})`,
  })
  .refine(({ width, heads, headWidth }) => headWidth !== undefined || width % heads === 0, {
    path: ["width"],
    error: ({ input }) => `must be a multiple of heads (${(input as { heads: number }).heads})`,
  })
  .refine(
    ({ width, heads, headWidth = width / heads }) =>
      !Number.isInteger(headWidth) || headWidth % 2 === 0,
    { path: ["headWidth"], error: "must be even: rotary positions turn pairs of numbers" },
  )
  .refine(({ family, attentionBias }) => !attentionBias || /^(llama|qwen3)$/.test(family), {
    path: ["attentionBias"],
    error: ({ input }) => `${(input as { family: string }).family} has none`,
  })
  .refine(({ family, mlpBias }) => !mlpBias || family === "llama", {
    path: ["mlpBias"],
    error: ({ input }) => `${(input as { family: string }).family} has none`,
  });

/** The shape of a decoder of Llama's family. */
export type LlamaConfig = z.input<typeof llamaConfig>;

/** A {@link LlamaConfig} with its defaults. */
export type CheckedLlamaConfig = z.output<typeof llamaConfig> & {
  readonly keyValueHeads: number;
  readonly headWidth: number;
};

/** The shape with its defaults. @throws MetaError `BAD_OPTION` */
export function checkedConfig(config: LlamaConfig): CheckedLlamaConfig {
  return withHeads(parseOptions(llamaConfig, config));
}

/** Adds the defaults that other sizes decide. */
export function withHeads(config: z.output<typeof llamaConfig>): CheckedLlamaConfig {
  const { width, heads, keyValueHeads = heads, headWidth = width / heads } = config;
  return { ...config, keyValueHeads, headWidth };
}
