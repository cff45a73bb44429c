export { type AdamMomentOptions, type AdamOptions, adam, adamw, scaleByAdam } from "./adam.js";
export { chain, type Optimizer } from "./chain.js";
export { clipByGlobalNorm } from "./clip.js";
export {
  type LearningRate,
  type LinearScheduleOptions,
  linearSchedule,
  type Schedule,
  scaleByLearningRate,
} from "./learningRate.js";
export type { ParameterGroup } from "./parameterGroups.js";
export { default } from "./plugin.js";
export { accumulateMomentum, type MomentumOptions, type SgdOptions, sgd } from "./sgd.js";
export type {
  GradientTransform,
  Slots,
  TransformInput,
  UpdateCount,
} from "./transform.js";
export { addDecayedWeights, type WeightDecayOptions } from "./weightDecay.js";
