export {
  type CheckpointContents,
  type WriteOptions,
  writeCheckpoint,
} from "./checkpoint/writeCheckpoint.js";
export { type GgufFile, openGguf } from "./gguf/openGguf.js";
