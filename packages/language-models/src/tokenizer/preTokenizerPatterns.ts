/** Regular expressions (Oniguruma) by which published byte-level tokenizers cut texts into words before BPE. */
export const wordPatterns = {
  /**
   * Contractions, letters, numbers, other characters, white space.
   *
   * Source: Radford et al. 2019, `encoder.py`.
   */
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  /** Source: `tokenizer.json` of Llama 3, after tiktoken's `cl100k_base`. */
  llama3:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  /** Llama 3's pattern, with one digit at a time. Source: `tokenizer.json` of Qwen2. */
  qwen2:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
} as const;

/** The part of a `tokenizer.json` that cuts texts by a pattern and reads words as bytes. */
export function wordsByPattern(pattern: string): object {
  return {
    type: "Sequence",
    pretokenizers: [
      { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
      byteLevel({ useRegex: false }),
    ],
  };
}

/** The part of a `tokenizer.json` that reads words as bytes, and may cut texts as GPT-2 does. */
export function byteLevel({ addPrefixSpace = false, useRegex = true } = {}): object {
  return {
    type: "ByteLevel",
    add_prefix_space: addPrefixSpace,
    trim_offsets: true,
    use_regex: useRegex,
  };
}
