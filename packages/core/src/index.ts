export { crossEntropy } from "./autodiff/crossEntropy.js";
export {
  finiteDifferenceHvp,
  hessianVectorProduct,
  type ScalarFunction,
  valueAndGradients,
} from "./autodiff/gradients.js";
export { registerSecondOrderGradients } from "./autodiff/secondOrderGradients.js";
export type { Batch } from "./batch/batch.js";
export { batchLoss } from "./batch/batchLoss.js";
export {
  isOptionBatch,
  type OptionBatch,
  type OptionExample,
  optionBatch,
} from "./batch/optionBatch.js";
export {
  type BatchSizes,
  bucketedTokenBatch,
  scoredCount,
  type TokenBatch,
  type TokenSequence,
  tokenBatch,
} from "./batch/tokenBatch.js";
export {
  type TokenPrefix,
  type TokenTree,
  type TreeAnswer,
  type TreeBatch,
  tokenPrefix,
  tokenTree,
  treeBatch,
} from "./batch/tokenTree.js";
export { cacheDirectory } from "./cacheDirectory.js";
export {
  type Checkpoint,
  type CheckpointedRun,
  checkpointName,
  listCheckpoints,
  loadCheckpoint,
  loadParams,
  loadTrainedParams,
  pruneCheckpoints,
  saveCheckpoint,
  saveParams,
  type Validation,
} from "./checkpoint/checkpoint.js";
export { verifyChecksums, writeChecksums } from "./checkpoint/checksums.js";
export type { FloatType } from "./checkpoint/elementTypes.js";
export { writeAtomically, writeTextAtomically } from "./checkpoint/files.js";
export { fingerprint } from "./checkpoint/fingerprint.js";
export { openTensors } from "./checkpoint/openTensors.js";
export { requireFinite } from "./checkpoint/requireFinite.js";
export {
  openSafetensors,
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsFile,
  type SafetensorsOptions,
  writeSafetensors,
} from "./checkpoint/safetensors.js";
export type { StoredTensor, TensorFile } from "./checkpoint/tensorFile.js";
export { openTorch, readTorch } from "./checkpoint/torch/openTorch.js";
export { configJsonSchema, type JsonSchema } from "./config/jsonSchema.js";
export {
  checkConfig,
  type LoadedConfig,
  loadConfig,
  type NamedRun,
  presetNames,
  presetPath,
  runsOf,
} from "./config/load.js";
export { type Json, mergeConfig, parseOverrides } from "./config/merge.js";
export type { Config, RunConfig } from "./config/schema.js";
export type { DataCheck, DataFinding, TaskStatistics } from "./contracts/dataCheck.js";
export type {
  AddDataOptions,
  AddedData,
  DataSupport,
  DownloadDataOptions,
  DownloadedData,
} from "./contracts/dataSupport.js";
export type { Job, JobResult, Launcher, LaunchOptions } from "./contracts/launcher.js";
export type { Learner, MetaGradient } from "./contracts/learner.js";
export { learnerParams, modelParams, withMetaParams } from "./contracts/learnerParams.js";
export type { Finding, MachineSupport, PackedFile, PackOptions } from "./contracts/machine.js";
export {
  type ExampleBatch,
  isLanguageModel,
  isPredictor,
  type LanguageModel,
  type Model,
  type ModelAdapter,
  type PeftNames,
  type Predictor,
  type PrefixState,
  type PromptedModel,
  type PromptReader,
  type SaveOptions,
  type Segment,
  type Tokenizer,
  type TreeReader,
} from "./contracts/model.js";
export type {
  Linearization,
  LossAndGradients,
  Objective,
  ObjectiveOptions,
} from "./contracts/objective.js";
export {
  type Coefficients,
  coefficients,
  defineOptimizer,
  disposeState,
  type MetaOptimizer,
  type MetaState,
  mapSlots,
  meanState,
  nextCount,
  type OptimizerState,
  type UpdateAdjoint,
  type UpdateCotangent,
  type UpdateInput,
  type UpdateRule,
} from "./contracts/optimizer.js";
export type { Demonstration, Prompter, PromptRequest } from "./contracts/prompter.js";
export {
  type Compilation,
  type CompilationListener,
  type CompileMode,
  type CompileOptions,
  compileSeconds,
  type DeviceMemory,
  type OpenStages,
  type Precision,
  type RuntimeMemory,
  type Stages,
  type TensorRuntime,
} from "./contracts/runtime.js";
export {
  type AnswerMetric,
  batchesPerUpdate,
  type Episode,
  type EpisodeShape,
  type EpisodeTarget,
  type MetricName,
  type PredictionMetric,
  type Question,
  type SamplerOptions,
  type SamplerState,
  type TargetTask,
  type TaskSampler,
  type TaskSource,
  type TrainingLengths,
} from "./contracts/task.js";
export type { TrackedRun, Tracker, TrackerRecord } from "./contracts/tracker.js";
export { type ErrorCode, isMetaError, isWrongInput, MetaError, messageOf } from "./errors.js";
export type { Adaptation } from "./evaluate/adaptation.js";
export type { AnswerMethod, Baseline } from "./evaluate/answerMethods.js";
export {
  type AnswerStore,
  type EvaluateOptions,
  type EvaluationTargets,
  evaluate,
  evaluateBaseline,
  type ScoreStore,
} from "./evaluate/evaluate.js";
export { accuracy, macroF1, metrics } from "./evaluate/metrics.js";
export { type PlannedReading, type PlannedTree, planReading } from "./evaluate/planReading.js";
export {
  type QuestionScorer,
  type QuestionScorerOptions,
  questionScorer,
} from "./evaluate/questionScorer.js";
export { type Answer, predict } from "./evaluate/scoreAnswers.js";
export type { EpisodeAnswer } from "./evaluate/scoreEpisodes.js";
export { type ScoreOptions, scoreSequences } from "./evaluate/scoreSequences.js";
export type { Evaluation, SeedScore, Summary, TaskScore } from "./evaluate/scores.js";
export { matchingNames } from "./matchingNames.js";
export { createObjective } from "./objective/createObjective.js";
export { freeze, type PartlyFrozen } from "./objective/freeze.js";
export { meanGradient } from "./objective/lossAndGradients.js";
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
export type { EvaluationLoad } from "./plan/evaluationLoad.js";
export { planRun, type RunEstimate, type RunPlan } from "./plan/planRun.js";
export type { TrainingLoad } from "./plan/trainingLoad.js";
export { findPlugins, pluginKeyword } from "./plugin/findPlugins.js";
export { loadPlugins } from "./plugin/loadPlugins.js";
export { findPackage, type InstalledPackage, type Manifest } from "./plugin/manifest.js";
export { parseOptions } from "./plugin/parseOptions.js";
export {
  type Components,
  defineFactory,
  definePlugin,
  type Factory,
  type FactoryContext,
  type Kind,
  type Plugin,
  pluginKeys,
  type Reference,
  referenceTo,
} from "./plugin/plugin.js";
export {
  createToolkit,
  type Toolkit,
  type Workbench,
  type WorkbenchOptions,
} from "./plugin/toolkit.js";
export { type Random, randomFor } from "./random.js";
export {
  type CompareOptions,
  type Comparison,
  type ComparisonOutcome,
  compareRuns,
  type FailedRun,
} from "./run/compareRuns.js";
export { type EvaluateRunOptions, evaluateRun } from "./run/evaluateRun.js";
export { type EvaluationRecord, readEvaluation } from "./run/evaluationRecord.js";
export { findParams, runCheckpoint } from "./run/findParams.js";
export { finishRun } from "./run/finishRun.js";
export type { Machine } from "./run/machine.js";
export { type OpenPredictor, openPredictor, type RankedOption } from "./run/openPredictor.js";
export { type OpenRun, openRun, type RunEvent, type RunOptions } from "./run/openRun.js";
export {
  type EpisodePredictionLine,
  type PredictionLine,
  readEpisodePredictions,
  readPredictions,
} from "./run/predictionLog.js";
export { type ComparedRun, readFinishedRun } from "./run/readFinishedRun.js";
export { resolveRun } from "./run/resolveRun.js";
export {
  type RunDirectory,
  type RunRecord,
  readMetrics,
  readRunRecord,
  runDirectory,
  runPath,
} from "./run/runDirectory.js";
export {
  type ComparisonEvent,
  comparisonEvents,
  type FinishEvent,
  type IteratedRunOptions,
  type MessageEvent,
  runEvents,
  type TrainEvent,
  trainEvents,
} from "./run/runEvents.js";
export { isLocked, lockRun, type RunLock } from "./run/runLock.js";
export { type ComparisonRow, summarizeRuns } from "./run/summarizeRuns.js";
export { trainRun } from "./run/trainRun.js";
export { tidy } from "./tidy.js";
export { type BucketOptions, type Buckets, chooseBuckets } from "./train/chooseBuckets.js";
export { type MetaTrainOptions, type MetaUpdate, metaTrain } from "./train/metaTrain.js";
export { choosePaddedLengths, type PaddingOptions } from "./train/paddedLengths.js";
export { unknownName } from "./unknownName.js";
