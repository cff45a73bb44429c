// Architectures --------------------------------------------------------------------------------

export {
  type Architecture,
  type CheckpointFormat,
  parameterShapes,
  type Shapes,
} from "./transformer/architecture.js";
export type { AttentionContext, Heads } from "./transformer/attention.js";
export { gelu, layerNorm, linear, rmsNorm, splitHeads } from "./transformer/layers.js";
export { type Positions, positionEmbeddings } from "./transformer/positions.js";
export {
  type RotaryAngles,
  type RotaryScaling,
  rotaryAngles,
  rotate,
} from "./transformer/rotary.js";
export { type Transformer, transformer } from "./transformer/transformer.js";

// Any architecture ------------------------------------------------------------------------------

export { type AutoOptions, openAuto } from "./auto/openAuto.js";
export { default } from "./plugin.js";

// Checkpoints ----------------------------------------------------------------------------------

export { checkpointContents } from "./checkpoint/names.js";
export {
  openPretrained,
  type PretrainedFormat,
  type PretrainedOptions,
  weightsOptions,
  weightsSource,
} from "./checkpoint/openPretrained.js";
export { findCheckpoint, isPath, pretrainedInit } from "./checkpoint/pretrained.js";
export { readCheckpoint, storedShapes } from "./checkpoint/readCheckpoint.js";
export { readConfig, requireConfig } from "./checkpoint/readConfig.js";
export { requireSize, type SizeOptions } from "./checkpoint/requireSize.js";
export {
  type CheckpointContents,
  type WriteOptions,
  writeCheckpoint,
} from "./checkpoint/writeCheckpoint.js";

// GGUF -----------------------------------------------------------------------------------------

export { convertGguf } from "./gguf/convertGguf.js";
export type { GgufValue } from "./gguf/ggufValues.js";
export type { HuggingFaceConfig } from "./gguf/modelDescription.js";
export { type GgufFile, openGguf } from "./gguf/openGguf.js";
export { type GgufTokenizerData, tokenizerDataOf } from "./gguf/tokenizerDataOf.js";

// Tokenizers -----------------------------------------------------------------------------------

export { byteTokenizer } from "./tokenizer/byteTokenizer.js";
export { ggufTokenizer } from "./tokenizer/ggufTokenizer.js";
export type { AroundText } from "./tokenizer/postProcessor.js";
export type { PretrainedTokenizer, SpecialTokens } from "./tokenizer/pretrainedTokenizer.js";
export { type RankedTokens, rankedTokenizer } from "./tokenizer/rankedTokenizer.js";
export { findTokenizer, readTokenizer } from "./tokenizer/readTokenizer.js";
