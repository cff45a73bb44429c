/** The shape of a GPT-2. */
export interface Gpt2Config {
  /** Tokens in the vocabulary. */
  readonly vocabularySize: number;
  /** Longest sequence, in tokens. */
  readonly maxTokens: number;
  /** Width of the residual stream. */
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /**
   * Standard deviation of freshly drawn weights. Narrow models learn sooner with a larger one.
   *
   * @default 0.02
   */
  readonly initializerRange?: number | undefined;
}

/** The spread of fresh weights that the published models were trained from. */
export const defaultInitializerRange = 0.02;

const published = { vocabularySize: 50_257, maxTokens: 1_024 };

/** The four published sizes (Radford et al. 2019, table 2). */
export const gpt2Sizes = {
  gpt2: { ...published, layers: 12, width: 768, heads: 12 },
  "gpt2-medium": { ...published, layers: 24, width: 1_024, heads: 16 },
  "gpt2-large": { ...published, layers: 36, width: 1_280, heads: 20 },
  "gpt2-xl": { ...published, layers: 48, width: 1_600, heads: 25 },
} as const satisfies Record<string, Gpt2Config>;

/** The shape of every parameter, in the model's order. */
export function parameterShapes({
  vocabularySize,
  maxTokens,
  width,
  layers,
}: Gpt2Config): Record<string, number[]> {
  const shapes: Record<string, number[]> = {
    "wte.weight": [vocabularySize, width],
    "wpe.weight": [maxTokens, width],
  };
  for (let layer = 0; layer < layers; layer++) {
    Object.assign(shapes, {
      [`h.${layer}.ln_1.weight`]: [width],
      [`h.${layer}.ln_1.bias`]: [width],
      [`h.${layer}.attn.c_attn.weight`]: [width, 3 * width],
      [`h.${layer}.attn.c_attn.bias`]: [3 * width],
      [`h.${layer}.attn.c_proj.weight`]: [width, width],
      [`h.${layer}.attn.c_proj.bias`]: [width],
      [`h.${layer}.ln_2.weight`]: [width],
      [`h.${layer}.ln_2.bias`]: [width],
      [`h.${layer}.mlp.c_fc.weight`]: [width, 4 * width],
      [`h.${layer}.mlp.c_fc.bias`]: [4 * width],
      [`h.${layer}.mlp.c_proj.weight`]: [4 * width, width],
      [`h.${layer}.mlp.c_proj.bias`]: [width],
    });
  }
  return { ...shapes, "ln_f.weight": [width], "ln_f.bias": [width] };
}
