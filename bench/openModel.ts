import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Gpt2, pretrainedGpt2 } from "@metalearn/models-gpt2";
import { type Llama, pretrainedLlama } from "@metalearn/models-llama";

/** Opens a checkpoint folder that drawWeights.ts wrote. */
export async function openModel(folder: string): Promise<Gpt2 | Llama> {
  const { model_type } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  return model_type === "gpt2" ? pretrainedGpt2(folder) : pretrainedLlama(folder);
}
