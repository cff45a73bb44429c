export { anil, boil, type HeadOptions } from "./anil.js";
export { type BmgOptions, bmg } from "./bmg.js";
export type { EpisodeOptions } from "./episodes.js";
export { type ImamlOptions, imaml } from "./imaml.js";
export {
  type BackwardOptions,
  backpropagate,
  descend,
  freshStart,
  type InnerLoop,
  type InnerStart,
  type InnerStep,
  innerLoops,
  startFrom,
  type Trajectory,
} from "./innerLoop.js";
export { type LslrOptions, lslr } from "./lslr.js";
export { type FomamlOptions, fomaml, type MamlOptions, maml } from "./maml.js";
export { type MamlEnLlmOptions, mamlEnLlm } from "./mamlEnLlm.js";
export { type MetaSgdOptions, metaSgd } from "./metaSgd.js";
export type { MomentSharing } from "./moments.js";
export type { MultiStepLoss } from "./multiStepLoss.js";
export { default } from "./plugin.js";
export { type ReptileOptions, reptile } from "./reptile.js";
export type { InnerObjective, SupportLinearization } from "./stepPolicy.js";
