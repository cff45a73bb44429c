export { downloadFromHub } from "./downloadFromHub.js";
export type { HubOptions } from "./hubOptions.js";
