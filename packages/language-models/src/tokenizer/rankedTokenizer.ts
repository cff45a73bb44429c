import { type Merge, mergeTable } from "./bpe/mergeTable.js";
import { toByteLetters } from "./byteLetters.js";
import { byteLevel } from "./preTokenizerPatterns.js";
import { type PretrainedTokenizer, pretrainedTokenizer } from "./pretrainedTokenizer.js";
import { addedTokenSchema, type TokenizerJson } from "./tokenizerJson.js";
import { type TwoFiles, twoFiles, writeTwoFiles } from "./twoFiles.js";

/** A byte-level BPE of GPT-2's kind that is known by its tokens alone, as tiktoken has them. */
export interface RankedTokens {
  /** Token i stands for these bytes; later ones are merged from earlier ones. */
  readonly tokens: readonly Uint8Array[];
  /** The token after them that is no text: begin, end and unknown. */
  readonly special?: string;
}

/** A tokenizer of such tokens, which is saved as GPT-2's was published. */
export function rankedTokenizer({
  name,
  ...ranked
}: RankedTokens & { readonly name: string }): PretrainedTokenizer {
  const json = rankedJson(ranked);
  const { special } = ranked;
  let files: TwoFiles | undefined; // kept, for every checkpoint has them
  return pretrainedTokenizer(json, {
    name,
    special: { bos_token: special, eos_token: special, unk_token: special },
    async save(directory, maxTokens) {
      files ??= twoFiles(json);
      await writeTwoFiles(directory, files, { special, maxTokens });
    },
  });
}

/** The `tokenizer.json` of such tokens. */
export function rankedJson({ tokens, special }: RankedTokens): TokenizerJson {
  const texts = tokens.map(toByteLetters);
  const named = special === undefined ? texts : [...texts, special];
  return {
    added_tokens:
      special === undefined ? [] : [addedTokenSchema.parse({ content: special, special: true })],
    pre_tokenizer: byteLevel(),
    decoder: byteLevel(),
    model: {
      vocab: Object.fromEntries(named.map((text, id) => [text, id])),
      merges: mergesOf(tokens).map(([left, right]) => [
        texts[left] as string,
        texts[right] as string,
      ]),
    },
  };
}

/**
 * The two tokens that each longer one is merged from: those that are left when the merges of earlier tokens
 * are made in its bytes.
 */
function mergesOf(tokens: readonly Uint8Array[]): readonly Merge[] {
  const table = mergeTable();
  const ofByte = new Int32Array(256);
  tokens.forEach((bytes, id) => {
    if (bytes.length === 1) ofByte[bytes[0] as number] = id;
  });
  tokens.forEach((bytes, id) => {
    if (bytes.length === 1) return;
    const parts = Int32Array.from(bytes, (byte) => ofByte[byte] as number);
    table.mergeAll(parts, parts.length);
    table.add([parts[0] as number, parts[1] as number, id]);
  });
  return table.merges;
}
