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
