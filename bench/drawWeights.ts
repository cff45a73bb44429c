// Writes a GPT-2 with random weights, always the same ones, as a checkpoint that both sides can open.
import { parseArgs } from "node:util";
import { saveParams } from "@metalearn/core/files";
import { gpt2, gpt2Tokenizer } from "@metalearn/models-gpt2";
import { sizeNamed, sizes } from "./sizes.js";

const { values } = parseArgs({
  options: { size: { type: "string", default: "gpt2" }, out: { type: "string", default: "" } },
});
const model = gpt2(sizes[sizeNamed(values.size)], gpt2Tokenizer);
await saveParams(model, await model.init(1), values.out);
