export { type LocalOptions, local } from "./local.js";
export { default } from "./plugin.js";
