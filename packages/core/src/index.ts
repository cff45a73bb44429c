// Contracts: what plugins implement ------------------------------------------------------------

export type { ChatMessage, ChatTemplateOptions } from "./contracts/chat.js";
export type { DataCheck, DataFinding, TaskStatistics } from "./contracts/dataCheck.js";
export {
  type DataCommand,
  type DataCommandContext,
  type DataSupport,
  defineDataCommand,
} from "./contracts/dataCommand.js";
export type { Job, JobResult, Launcher, LaunchOptions } from "./contracts/launcher.js";
export type { Learner, MetaGradient } from "./contracts/learner.js";
export { learnerParams, modelParams } from "./contracts/learnerParams.js";
export type { Finding, MachineSupport, PackedFile, PackOptions } from "./contracts/machine.js";
export {
  type ExampleBatch,
  isLanguageModel,
  isPredictor,
  type LanguageModel,
  type Model,
  type ModelAdapter,
  type NextToken,
  type PeftNames,
  type PlacedToken,
  type PlacedTokens,
  type Predictor,
  type PrefixState,
  type PromptedModel,
  type SaveOptions,
  type Segment,
  type StoredWeights,
  type Tokenizer,
  type TokenReader,
} from "./contracts/model.js";
export type { Linearization, LossAndGradients, Objective } from "./contracts/objective.js";
export {
  type Coefficients,
  coefficients,
  defineOptimizer,
  disposeState,
  type MetaOptimizer,
  type MetaState,
  mapSlots,
  meanState,
  type OptimizerState,
  type UpdateAdjoint,
  type UpdateCotangent,
  type UpdateInput,
  type UpdateRule,
} from "./contracts/optimizer.js";
export type { Demonstration, Prompter, PromptRequest } from "./contracts/prompter.js";
export type {
  Compilation,
  CompilationListener,
  CompileMode,
  CompileOptions,
  DeviceMemory,
  OpenStages,
  Precision,
  RuntimeMemory,
  Stages,
  TensorRuntime,
} from "./contracts/runtime.js";
export { type SamplerOptions, samplerOptions } from "./contracts/samplerOptions.js";
export type {
  AnswerMetric,
  CutQuestion,
  Episode,
  EpisodeShape,
  EpisodeTarget,
  Question,
  SamplerState,
  TargetTask,
  TaskSampler,
  TaskSource,
  TokensKept,
  TrainingLengths,
} from "./contracts/task.js";
export type { TrackedRun, Tracker, TrackerRecord } from "./contracts/tracker.js";

// Parameters -----------------------------------------------------------------------------------

export { matchesPattern, matchingNames } from "./matchingNames.js";
export {
  addInto,
  addParams,
  countParams,
  disposeParams,
  dotParams,
  filterParams,
  globalNorm,
  mapParams,
  meanParams,
  type Params,
  tensorNamed,
  zerosLikeParams,
} from "./params.js";
export { type Random, randomFor } from "./random.js";
export { encodeStart } from "./text/encodeStart.js";
export { tidy } from "./tidy.js";

// Batches --------------------------------------------------------------------------------------

export type { Batch } from "./batch/batch.js";
export { batchLoss } from "./batch/batchLoss.js";
export {
  isOptionBatch,
  type OptionBatch,
  type OptionExample,
  optionBatch,
} from "./batch/optionBatch.js";
export {
  bucketedTokenBatch,
  type TokenBatch,
  type TokenSequence,
  tokenBatch,
} from "./batch/tokenBatch.js";
export type { TokenPrefix, TreeBatch } from "./batch/tokenTree.js";

// Derivatives ----------------------------------------------------------------------------------

export { crossEntropy } from "./autodiff/crossEntropy.js";
export {
  hessianVectorProduct,
  valueAndGradients,
} from "./autodiff/gradients.js";
export { registerSecondOrderGradients } from "./autodiff/secondOrderGradients.js";
export type { ComputeOptions } from "./objective/computeOptions.js";
export { createObjective, type ObjectiveOptions } from "./objective/createObjective.js";
export { meanGradient } from "./objective/lossAndGradients.js";
export { runSegments } from "./objective/runSegments.js";

// Training -------------------------------------------------------------------------------------

export { freeze } from "./objective/freeze.js";
export { type MetaTrainOptions, type MetaUpdate, metaTrain } from "./train/metaTrain.js";

// Evaluation -----------------------------------------------------------------------------------

export type { Adaptation } from "./evaluate/adaptation.js";
export {
  type EvaluateOptions,
  evaluate,
  evaluateBaseline,
} from "./evaluate/evaluate.js";
export { metrics } from "./evaluate/metrics.js";
export type { Evaluation } from "./evaluate/scores.js";
export { mean } from "./statistics.js";

// Generation -----------------------------------------------------------------------------------

export {
  type GeneratedPiece,
  type GenerateOptions,
  type Generation,
  generate,
  generateText,
} from "./generate/generate.js";
export type { GenerationPrompt } from "./generate/promptIds.js";

// Plugins --------------------------------------------------------------------------------------

export type { Kind } from "./plugin/components.js";
export { parseOptions } from "./plugin/parseOptions.js";
export {
  defineFactory,
  definePlugin,
  type Factory,
  type FactoryContext,
  type Plugin,
} from "./plugin/plugin.js";
export { type Reference, referenceTo } from "./plugin/reference.js";

// Errors and the machine -----------------------------------------------------------------------

export { cacheDirectory } from "./cacheDirectory.js";
export { type ErrorCode, isMetaError, MetaError, messageOf } from "./errors.js";
export { counted } from "./text/counted.js";
export { printable } from "./text/printable.js";
export { unknownName } from "./text/unknownName.js";
