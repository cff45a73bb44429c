// A config -------------------------------------------------------------------------------------

export { type Config, type ConfigChanges, checkConfig } from "./config/checkConfig.js";
export { configJsonSchema, type JsonSchema } from "./config/jsonSchema.js";
export {
  findConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  loadConfig,
  presetPath,
} from "./config/load.js";
export { mergeConfig, parseOverrides } from "./config/merge.js";
export { type NamedRun, type NamedRuns, runsOf } from "./config/runsOf.js";
export { type RunConfig, runSchema } from "./config/schema.js";

// The plugins of a config ----------------------------------------------------------------------

export { findPlugins, pluginKeyword } from "./plugin/findPlugins.js";
export { loadPlugins } from "./plugin/loadPlugins.js";
export { findPackage, type InstalledPackage, type Manifest } from "./plugin/manifest.js";
export { pluginKeys } from "./plugin/plugin.js";
export {
  createToolkit,
  type Scope,
  type ScopeOptions,
  type Toolkit,
} from "./plugin/toolkit.js";

// A run ----------------------------------------------------------------------------------------

export { compileSeconds } from "./contracts/runtime.js";
export { isWrongInput } from "./errors.js";
export { type EvaluateRunOptions, evaluateRun } from "./run/evaluateRun.js";
export type { RunEvent } from "./run/events/runEvent.js";
export {
  type ComparisonEvent,
  comparisonEvents,
  type FinishEvent,
  type IteratedRunOptions,
  runEvents,
  type TrainEvent,
  trainEvents,
} from "./run/events/runEvents.js";
export { finishRun } from "./run/finishRun.js";
export {
  type FreeTextOptions,
  type OpenPredictor,
  openPredictor,
  type PredictorOptions,
  type RankedOption,
} from "./run/openPredictor.js";
export { openRun, type Run, type RunOptions } from "./run/openRun.js";
export { resolveRun } from "./run/resolveRun.js";
export { trainRun } from "./run/trainRun.js";

// A comparison ---------------------------------------------------------------------------------

export { planRun, type RunEstimate, type RunPlan } from "./plan/planRun.js";
export {
  type CompareOptions,
  type Comparison,
  type ComparisonOutcome,
  compareRuns,
  type FailedRun,
} from "./run/compareRuns.js";
export { type ComparisonRow, summarizeRuns } from "./run/summarizeRuns.js";

// Results of a run -----------------------------------------------------------------------------

export type { AnswerStore, ScoreStore } from "./evaluate/evaluate.js";
export type { Answer } from "./evaluate/scoreAnswers.js";
export type { EpisodeAnswer } from "./evaluate/scoreEpisodes.js";
export type { SeedScore, Summary, TaskScore } from "./evaluate/scores.js";
export { type GenerationOptions, generationOptions } from "./generate/generationOptions.js";
export { findParams, locateParams, openParams, runCheckpoint } from "./run/findParams.js";
export { isLocked, type LockOptions, lockRun, type RunLock } from "./run/lock/runLock.js";
export { type ComparedRun, readFinishedRun } from "./run/readFinishedRun.js";
export { type EvaluationRecord, readEvaluation } from "./run/record/evaluationRecord.js";
export { learnerMetricPrefix } from "./run/record/metricsLog.js";
export {
  type EpisodePredictionLine,
  type PredictionLine,
  readEpisodePredictions,
  readPredictions,
} from "./run/record/predictionLog.js";
export {
  type RunDirectory,
  type RunRecord,
  readRunRecord,
  runDirectory,
  runPath,
} from "./run/record/runDirectory.js";
export { readMetrics } from "./run/record/runMetrics.js";
export { readWritten } from "./run/record/writtenFile.js";
