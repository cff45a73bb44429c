import { isLanguageModel, type Model } from "@metalearn/core";

/** Files with one of which transformers opens a tokenizer. */
const tokenizerFiles = ["tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model"];

/**
 * A sentence on what a folder lacks for transformers to open a language model there; nothing if it is complete, or for
 * adapters and other models.
 *
 * @param files names of the files in the folder
 */
export function missingFiles(model: Model, files: readonly string[]): string | undefined {
  const isAdapter = files.includes("adapter_config.json"); // the base model has the other files
  if (!isLanguageModel(model) || isAdapter) return undefined;
  const hasTokenizer = tokenizerFiles.some((file) => files.includes(file));
  const missing = [
    ...(files.includes("config.json") ? [] : ["config.json"]),
    ...(hasTokenizer ? [] : [`files of the tokenizer "${model.tokenizer.name}"`]),
  ];
  if (missing.length === 0) return undefined;
  const writer = model.save ? "its save does not write them" : "it has no save of its own";
  return `Missing: ${missing.join(" and ")}. transformers cannot open the folder as it is. Those of ${model.name} are for its plugin to write: ${writer}.`;
}
