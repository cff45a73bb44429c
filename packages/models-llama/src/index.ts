export {
  byteTokenizer,
  type PretrainedOptions,
  type WriteOptions,
} from "@metalearn/language-models";
export { readLlamaConfig, readLlamaParams, writeLlama } from "./huggingFace.js";
export { type Llama, llama, parameterShapes } from "./llama.js";
export type { CheckedLlamaConfig, LlamaConfig } from "./llamaConfig.js";
export { type LlamaOptions, openLlama } from "./openLlama.js";
export { default } from "./plugin.js";
export { pretrainedLlama } from "./pretrained.js";
