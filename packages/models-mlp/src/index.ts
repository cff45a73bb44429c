export { type MlpOptions, mlp } from "./mlp.js";
export { default } from "./plugin.js";
