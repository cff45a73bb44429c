import { byteTokenizer, llama } from "@metalearn/models-llama";

/** A model that stores its matrices `[out, in]`, square ones among them. */
export const llamaModel = llama(
  {
    vocabularySize: 256,
    maxTokens: 64,
    width: 8,
    layers: 2,
    heads: 2,
    keyValueHeads: 1,
    mlpWidth: 12,
    initializerRange: 0.3,
  },
  byteTokenizer,
);
