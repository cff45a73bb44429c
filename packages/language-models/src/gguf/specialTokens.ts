import type { MetadataReader } from "./metadataReader.js";

/** Writers say by it that there is no such token. */
const none = 2 ** 32 - 1;

/** The number of a special token, `bos` or `padding`, if there is one. */
export function specialToken(metadata: MetadataReader, name: string): number | undefined {
  const id = metadata.number(`tokenizer.ggml.${name}_token_id`, none);
  return id === none ? undefined : id;
}

/** Begin, end and padding as a `config.json` has them. Those that are missing are null, lest transformers' defaults hold. */
export function specialTokensConfig(metadata: MetadataReader) {
  const padding = specialToken(metadata, "padding");
  return {
    bos_token_id: specialToken(metadata, "bos") ?? null,
    eos_token_id: specialToken(metadata, "eos") ?? null,
    ...(padding === undefined ? {} : { pad_token_id: padding }),
  };
}
