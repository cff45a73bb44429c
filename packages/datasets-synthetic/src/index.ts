export { type ClustersOptions, clusters } from "./clusters.js";
export { type LinearOptions, linear } from "./linear.js";
export { default } from "./plugin.js";
export { type SinusoidOptions, sinusoid } from "./sinusoid.js";
