export { type MamlOptions, maml } from "./maml.js";
export { type MamlEnLlmOptions, mamlEnLlm } from "./mamlEnLlm.js";
export type { MomentSharing } from "./moments.js";
export { default } from "./plugin.js";
