import { MetaError } from "@metalearn/core";
import { byteLevel, wordPatterns, wordsByPattern } from "./preTokenizerPatterns.js";
import type { TokenizerConfig } from "./tokenizerConfig.js";
import { isVocabulary, parseMerges, type TokenizerJson } from "./tokenizerJson.js";

/** Tokenizers published as `vocab.json` and `merges.txt`, with the settings that are in the code of their class. */
const families = {
  gpt2: {
    json: ({ addPrefixSpace = false }: TokenizerConfig) => ({
      pre_tokenizer: byteLevel({ addPrefixSpace }),
    }),
    special: { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" },
  },
  qwen2: {
    json: () => ({
      normalizer: { type: "NFC" },
      pre_tokenizer: wordsByPattern(wordPatterns.qwen2),
    }),
    special: { eos_token: "<|endoftext|>", pad_token: "<|endoftext|>", unk_token: "<|endoftext|>" },
  },
} as const;

/** The contents of `vocab.json` and `merges.txt`, and a part of `config.json`. */
export interface VocabularyAndMerges {
  readonly vocabulary: unknown;
  readonly merges: string;
  /** `model_type` of the checkpoint, which decides where the files name no class. */
  readonly modelType: string | undefined;
}

/**
 * A byte-level BPE from the two files that GPT-2 was published in. Special tokens that the files do not name are the
 * defaults of its class in transformers.
 *
 * Source: `GPT2Tokenizer` and `Qwen2Tokenizer` of transformers.
 *
 * @throws MetaError `BAD_CHECKPOINT` for a tokenizer of another class
 */
export function vocabularyAndMerges(
  { vocabulary, merges, modelType }: VocabularyAndMerges,
  config: TokenizerConfig,
): { json: TokenizerJson; special: Readonly<Record<string, string>> } {
  const name = config.tokenizerClass ?? modelType ?? "gpt2";
  const family = name.replace(/Tokenizer(Fast)?$/, "").toLowerCase();
  if (!(family in families)) {
    throw new MetaError(
      "BAD_CHECKPOINT",
      `There is no tokenizer.json, and how ${name} cuts texts before vocab.json and merges.txt are used is not implemented; it is for GPT2Tokenizer and Qwen2Tokenizer. Write a tokenizer.json with transformers: AutoTokenizer.from_pretrained(folder).save_pretrained(folder).`,
    );
  }
  if (!isVocabulary(vocabulary)) {
    throw new MetaError("BAD_CHECKPOINT", "vocab.json should be an object of ids by token.");
  }
  const { json, special } = families[family as keyof typeof families];
  const lines = merges.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return {
    json: {
      added_tokens: [],
      ...json(config),
      decoder: byteLevel(),
      model: { vocab: vocabulary, merges: parseMerges(lines) },
    },
    special: Object.fromEntries(
      Object.entries(special).filter(([, content]) => Object.hasOwn(vocabulary, content)),
    ),
  };
}
