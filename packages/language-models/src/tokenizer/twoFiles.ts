import { join } from "node:path";
import { writeTextAtomically } from "@metalearn/core/files";
import type { TokenizerJson } from "./tokenizerJson.js";

/** The two files of GPT-2's published tokenizer, by name. */
export type TwoFiles = Readonly<Record<"vocab.json" | "merges.txt", string>>;

/**
 * Writes a byte-level BPE like GPT-2's as two files.
 *
 * Source: `encoder.py` of Radford et al. 2019.
 */
export function twoFiles({ model }: TokenizerJson): TwoFiles {
  // Not by JSON.stringify of an object, which puts the digits first.
  const vocabulary = Object.entries(model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([token, id]) => `${asciiJson(token)}: ${id}`);
  const merges = model.merges.map(([left, right]) => `${left} ${right}\n`);
  return {
    "vocab.json": `{${vocabulary.join(", ")}}`,
    "merges.txt": `#version: 0.2\n${merges.join("")}`,
  };
}

/** Writes the files so that transformers' `AutoTokenizer` opens them in the folder of a GPT-2. */
export async function writeTwoFiles(
  directory: string,
  texts: TwoFiles,
  { special = null, maxTokens }: { special?: string | null | undefined; maxTokens: number },
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

/** Writes text as Python's json.dumps does: characters outside ASCII are escaped. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
