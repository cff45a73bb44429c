export { byteTokenizer, type WriteOptions } from "@metalearn/language-models";
export { type Gpt2, type Gpt2Config, gpt2, gpt2Sizes, parameterShapes } from "./gpt2.js";
export { gpt2Tokenizer } from "./gpt2Tokenizer.js";
export { readHuggingFaceConfig, readHuggingFaceParams, writeHuggingFace } from "./huggingFace.js";
export { type Gpt2Options, openGpt2 } from "./openGpt2.js";
export { default } from "./plugin.js";
export { type PretrainedOptions, pretrainedGpt2 } from "./pretrained.js";
