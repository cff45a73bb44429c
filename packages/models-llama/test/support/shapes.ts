import type { LlamaConfig } from "../../src/index.js";

const small = { vocabularySize: 256, maxTokens: 32, width: 16, layers: 2, mlpWidth: 24 };

/** A small model of each architecture, and between them everything in which they can differ. */
export const shapes = {
  llama: {
    ...small,
    heads: 4,
    keyValueHeads: 2,
    ropeScaling: {
      type: "llama3",
      factor: 4,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalMaxTokens: 16,
    },
    ropeTheta: 100,
    attentionBias: true,
    mlpBias: true,
  },
  mistral: { ...small, family: "mistral", heads: 2, keyValueHeads: 1, headWidth: 10 },
  qwen2: {
    ...small,
    family: "qwen2",
    heads: 4,
    keyValueHeads: 4,
    ropeScaling: { type: "linear", factor: 2.5 },
    tiedHead: true,
  },
  qwen3: {
    ...small,
    family: "qwen3",
    heads: 3,
    keyValueHeads: 1,
    headWidth: 6,
    attentionBias: true,
    tiedHead: true,
    eosId: [3, 4],
    bosId: 1,
    padId: 0,
  },
} as const satisfies Record<string, LlamaConfig>;
