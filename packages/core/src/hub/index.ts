export { downloadFromHub, type HubOptions } from "./downloadFromHub.js";
