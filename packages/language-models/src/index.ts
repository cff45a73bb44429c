export { type GgufFile, openGguf } from "./gguf/openGguf.js";
