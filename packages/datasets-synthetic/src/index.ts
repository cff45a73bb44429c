export { type ClustersOptions, clusters } from "./clusters.js";
export { default } from "./plugin.js";
export { type SinusoidOptions, sinusoid } from "./sinusoid.js";
