export { type Gpt2, gpt2 } from "./gpt2.js";
export { type Gpt2Config, gpt2Sizes, parameterShapes } from "./gpt2Config.js";
export { readHuggingFaceConfig, readHuggingFaceParams } from "./huggingFace.js";
export { default } from "./plugin.js";
export { type PretrainedOptions, pretrainedGpt2 } from "./pretrained.js";
export { byteTokenizer, gpt2Tokenizer } from "./tokenizers.js";
export { writeHuggingFace } from "./writeHuggingFace.js";
