export {
  type CheckpointContents,
  type WriteOptions,
  writeCheckpoint,
} from "./checkpoint/writeCheckpoint.js";
export { convertGguf } from "./gguf/convertGguf.js";
export type { GgufValue } from "./gguf/ggufValues.js";
export type { HuggingFaceConfig } from "./gguf/modelDescription.js";
export { type GgufFile, openGguf } from "./gguf/openGguf.js";
export { type GgufTokenizerData, tokenizerDataOf } from "./gguf/tokenizerDataOf.js";
export { ggufTokenizer } from "./tokenizer/ggufTokenizer.js";
export type { AroundText } from "./tokenizer/postProcessor.js";
export {
  type PretrainedOptions,
  type PretrainedTokenizer,
  pretrainedTokenizer,
  type SpecialTexts,
  type SpecialTokens,
} from "./tokenizer/pretrainedTokenizer.js";
export { rankedTokens } from "./tokenizer/rankedTokens.js";
export { findTokenizer, readTokenizer } from "./tokenizer/readTokenizer.js";
export { tokenizerFileNames } from "./tokenizer/tokenizerFiles.js";
export type { AddedTokenJson, BpeJson, TokenizerJson } from "./tokenizer/tokenizerJson.js";
