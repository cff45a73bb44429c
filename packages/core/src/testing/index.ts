// Input that evaluation gives to models that read trees.

export { unitDirection } from "../autodiff/unitDirection.js";
export { tokenPrefix, tokenTree, treeBatch } from "../batch/tokenTree.js";
export { planReading } from "../evaluate/planReading.js";
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
