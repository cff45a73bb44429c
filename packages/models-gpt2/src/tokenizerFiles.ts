import { join } from "node:path";
import { writeTextAtomically } from "@metalearn/core/files";

/** A byte-level BPE as a list: token i stands for these bytes. Later tokens are merged from earlier ones. */
export interface ByteLevelBpe {
  readonly tokens: readonly Uint8Array[];
  /** The token after them that is no text: begin, end and unknown. */
  readonly special?: string;
}

/** The files of Hugging Face's GPT-2 tokenizer, by name. */
export type TokenizerTexts = Readonly<Record<"vocab.json" | "merges.txt", string>>;

/**
 * A byte-level BPE as the two files that GPT-2's tokenizer was published in.
 *
 * Source: `encoder.py` of Radford et al. 2019.
 */
export function tokenizerTexts({ tokens, special }: ByteLevelBpe): TokenizerTexts {
  const letters = tokens.map(toLetters);
  const named = special === undefined ? letters : [...letters, special];
  // Not by JSON.stringify of an object, which puts the digits first.
  const vocabulary = named.map((token, id) => `${asciiJson(token)}: ${id}`).join(", ");
  const merges = mergesOf(letters).map(([a, b]) => `${a} ${b}\n`);
  return {
    "vocab.json": `{${vocabulary}}`,
    "merges.txt": `#version: 0.2\n${merges.join("")}`,
  };
}

/** Writes a tokenizer so that transformers' `AutoTokenizer` opens it in the folder of a GPT-2. */
export async function writeTokenizer(
  directory: string,
  texts: TokenizerTexts,
  { special = null, maxTokens }: { special?: string | null; maxTokens: number },
): Promise<void> {
  const config = {
    tokenizer_class: "GPT2Tokenizer",
    add_prefix_space: false,
    bos_token: special,
    eos_token: special,
    unk_token: special,
    model_max_length: maxTokens,
  };
  const files = { ...texts, "tokenizer_config.json": `${JSON.stringify(config, null, 2)}\n` };
  for (const [name, text] of Object.entries(files)) {
    await writeTextAtomically(join(directory, name), text);
  }
}

/**
 * Which two tokens each longer one is merged from: those that are left when the merges of earlier tokens
 * are made in its bytes, in order.
 */
function mergesOf(tokens: readonly string[]): [string, string][] {
  const ranks = new Map(tokens.map((token, rank) => [token, rank]));
  return tokens.flatMap((token, own) => {
    if (token.length === 1) return [];
    const parts = [...token];
    while (parts.length > 2) {
      let [best, where] = [own, -1];
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = ranks.get(`${parts[i]}${parts[i + 1]}`) ?? own;
        if (rank < best) [best, where] = [rank, i];
      }
      parts.splice(where, 2, `${parts[where]}${parts[where + 1]}`);
    }
    return [parts as [string, string]];
  });
}

/** Letters that stand for bytes: printable ones for themselves, others for those from U+0100 on, in order. */
const letterOf: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = /[!-~¡-¬®-ÿ]/.test(String.fromCharCode(byte));
    return String.fromCharCode(printable ? byte : next++);
  });
})();

function toLetters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => letterOf[byte]).join("");
}

/** As Python's json.dumps writes text: other scripts escaped. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
