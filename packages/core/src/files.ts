// Checkpoints ----------------------------------------------------------------------------------

export {
  type Checkpoint,
  type CheckpointedRun,
  loadCheckpoint,
  loadParams,
  loadTrainedParams,
  saveCheckpoint,
  saveParams,
  type Validation,
} from "./checkpoint/checkpoint.js";
export { verifyChecksums } from "./checkpoint/checksums.js";
export {
  decodeFloats,
  type FloatDtype,
  type FloatType,
  float16Values,
} from "./checkpoint/elementTypes.js";
export { requireFinite } from "./checkpoint/requireFinite.js";

// Files of tensors -----------------------------------------------------------------------------

export { openTensors } from "./checkpoint/openTensors.js";
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsFile,
  type SafetensorsOptions,
  type WritableTensor,
  writeSafetensors,
} from "./checkpoint/safetensors.js";
export {
  type Complaint,
  elementsOf,
  openForReading,
  readFully,
  type StoredTensor,
  type TensorFile,
} from "./checkpoint/tensorFile.js";
export { openTorch, readTorch } from "./checkpoint/torch/openTorch.js";

// Any file -------------------------------------------------------------------------------------

export { writeAtomically, writeTextAtomically } from "./checkpoint/files.js";
export {
  decodeText,
  parseJson,
  readText,
  readTextIfThere,
  withoutByteOrderMark,
} from "./text/readText.js";
