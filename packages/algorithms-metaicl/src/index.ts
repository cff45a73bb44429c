export { type FineTuneOptions, fineTune } from "./fineTune.js";
export { type MetaiclOptions, metaicl } from "./metaicl.js";
export { default } from "./plugin.js";
