// Parts of training and evaluation, to test models and learners with.

export { finiteDifferenceHvp } from "../autodiff/gradients.js";
export { unitDirection } from "../autodiff/unitDirection.js";
export { tokenPrefix, tokenTree, treeBatch } from "../batch/tokenTree.js";
export { withMetaParams } from "../contracts/learnerParams.js";
export { planReading } from "../evaluate/planReading.js";
export {
  type QuestionScorer,
  type QuestionScorerOptions,
  questionScorer,
} from "../evaluate/questionScorer.js";
export { predict } from "../evaluate/scoreAnswers.js";
export { type ScoreOptions, scoreSequences } from "../evaluate/scoreSequences.js";
export { filterLogits } from "../generate/logitsFilters.js";
export type { Check, Subject } from "./checks.js";
export {
  type DerivativeErrors,
  derivativeErrors,
  slopeError,
} from "./finiteDifferences.js";
export {
  type LauncherProperty,
  type LauncherSubject,
  launcherChecks,
  testLauncher,
} from "./launcherChecks.js";
export {
  type LearnerProperty,
  type LearnerSubject,
  learnerChecks,
  testLearner,
} from "./learnerChecks.js";
export { type ModelProperty, type ModelSubject, modelChecks, testModel } from "./modelChecks.js";
export {
  type OptimizerProperty,
  type OptimizerSubject,
  optimizerChecks,
  testMetaOptimizer,
} from "./optimizerChecks.js";
export {
  type RuntimeProperty,
  type RuntimeSubject,
  runtimeChecks,
  testRuntime,
} from "./runtimeChecks.js";
export {
  type SamplerProperty,
  type SamplerSubject,
  samplerChecks,
  testTaskSampler,
} from "./samplerChecks.js";
export { type ToyBatch, toyModel, toySampler } from "./toy.js";
export {
  type TrackerProperty,
  type TrackerSubject,
  testTracker,
  trackerChecks,
} from "./trackerChecks.js";
