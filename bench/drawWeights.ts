// Writes a model with random weights, always the same ones, as a checkpoint that both sides can open.
import { parseArgs } from "node:util";
import { saveParams } from "@metalearn/core/files";
import { gpt2, gpt2Tokenizer } from "@metalearn/models-gpt2";
import { byteTokenizer, llama } from "@metalearn/models-llama";
import { isLlamaSize, llamaSizes, sizeNamed, sizes } from "./sizes.js";

const { values } = parseArgs({
  options: { size: { type: "string", default: "gpt2" }, out: { type: "string", default: "" } },
});
const { size } = values;
const model = isLlamaSize(size)
  ? llama(llamaSizes[size], byteTokenizer) // its texts are never read
  : gpt2(sizes[sizeNamed(size)], gpt2Tokenizer);
await saveParams(model, await model.init(1), values.out);
