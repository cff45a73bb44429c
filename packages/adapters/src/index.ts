export { type LoraOptions, lora, mergeLora, pretrainedLora } from "./lora.js";
export { default } from "./plugin.js";
export { pretrainedSoftPrompt, type SoftPromptOptions, softPrompt } from "./softPrompt.js";
