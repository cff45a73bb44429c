import type { MetadataReader } from "./metadataReader.js";

/** The id that means "no such token". */
const none = 2 ** 32 - 1;

/** The id of a special token, such as `bos` or `padding`, if there is one. */
export function specialToken(metadata: MetadataReader, name: string): number | undefined {
  const id = metadata.number(`tokenizer.ggml.${name}_token_id`, none);
  return id === none ? undefined : id;
}

/** Ids of begin, end and padding for a `config.json`. Missing ones are null, to override transformers' defaults. */
export function specialTokensConfig(metadata: MetadataReader) {
  const padding = specialToken(metadata, "padding");
  return {
    bos_token_id: specialToken(metadata, "bos") ?? null,
    eos_token_id: specialToken(metadata, "eos") ?? null,
    ...(padding === undefined ? {} : { pad_token_id: padding }),
  };
}
