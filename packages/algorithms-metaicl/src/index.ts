export { type FineTuneOptions, fineTune } from "./fineTune.js";
export { type MetaiclOptions, metaicl } from "./metaicl.js";
export { type MetaictOptions, metaict } from "./metaict.js";
export { default } from "./plugin.js";
