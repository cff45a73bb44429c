import type { Complaint } from "@metalearn/core/files";
import { type MetadataReader, metadataReader } from "./metadataReader.js";
import { ggufComplaint } from "./openContainer.js";
import type { GgufFile } from "./openGguf.js";
import { specialToken } from "./specialTokens.js";

/** Ways to cut text into words before byte-level BPE, by llama.cpp's names. */
const preTokenizers = ["gpt-2", "llama-bpe", "qwen2", "smollm"] as const;

/** A tokenizer as the metadata of a GGUF file describe it. */
export type GgufTokenizerData = CommonData & (ByteLevelData | SentencePieceData);

interface CommonData {
  /** By number. */
  readonly tokens: readonly string[];
  /** By number: 1 normal, 2 unknown, 3 control, 4 defined by the user, 5 unused, 6 a byte. */
  readonly tokenTypes?: readonly number[];
  readonly bosId?: number;
  readonly eosId?: number;
  readonly unknownId?: number;
  readonly paddingId?: number;
  /** True where every text begins with `bosId`; missing where the file does not say it. */
  readonly addBos?: boolean;
  readonly addEos?: boolean;
  /** True where a space is put before every text; missing where the file does not say it. */
  readonly addSpacePrefix?: boolean;
  /** In Jinja. */
  readonly chatTemplate?: string;
}

/** Byte-level BPE, as GPT-2 has it. */
interface ByteLevelData {
  readonly kind: "gpt2";
  readonly pre: (typeof preTokenizers)[number];
  /** Two tokens with a space between them, the first to be merged first. */
  readonly merges: readonly string[];
}

/** BPE by scores, as SentencePiece has it and Llama 2 took it over. */
interface SentencePieceData {
  readonly kind: "llama";
  /** By number of the token; the highest is merged first. */
  readonly scores: readonly number[];
}

/**
 * The tokenizer that a GGUF file describes.
 *
 * @throws MetaError `BAD_CHECKPOINT` for another kind of tokenizer or pre-tokenizer, by its name, or for a
 *   description that is not whole
 */
export function tokenizerDataOf({
  path,
  metadata: values,
}: Pick<GgufFile, "path" | "metadata">): GgufTokenizerData {
  const bad = ggufComplaint(path);
  const metadata = metadataReader(values, bad);
  const tokens = metadata.texts("tokenizer.ggml.tokens");
  const all = <T>(of: string, list: readonly T[]): readonly T[] => {
    if (list.length === tokens.length) return list;
    throw bad(`it has ${of} of ${list.length} tokens, but ${tokens.length} tokens`);
  };
  const types = metadata.numbers("tokenizer.ggml.token_type", undefined);
  const common: CommonData = {
    tokens,
    tokenTypes: types && all("types", types),
    bosId: idOf("bos", metadata, tokens, bad),
    eosId: idOf("eos", metadata, tokens, bad),
    unknownId: idOf("unknown", metadata, tokens, bad),
    paddingId: idOf("padding", metadata, tokens, bad),
    addBos: metadata.flag("tokenizer.ggml.add_bos_token", undefined),
    addEos: metadata.flag("tokenizer.ggml.add_eos_token", undefined),
    addSpacePrefix: metadata.flag("tokenizer.ggml.add_space_prefix", undefined),
    chatTemplate: metadata.text("tokenizer.chat_template", undefined),
  };
  const kind = metadata.text("tokenizer.ggml.model");
  if (kind === "gpt2") {
    const merges = metadata.texts("tokenizer.ggml.merges");
    return { ...common, kind, pre: preTokenizerOf(metadata, bad), merges };
  }
  if (kind === "llama") {
    const scores = all("scores", metadata.numbers("tokenizer.ggml.scores"));
    return { ...common, kind, scores };
  }
  throw bad(`its tokenizer is "${kind}"; known are gpt2 and llama`);
}

function idOf(
  name: string,
  metadata: MetadataReader,
  tokens: readonly string[],
  bad: Complaint,
): number | undefined {
  const id = specialToken(metadata, name);
  if (id === undefined || id in tokens) return id;
  throw bad(`its ${name} token is ${id}, but it has ${tokens.length} tokens`);
}

/** Files from before llama.cpp noted it do not say it; of a GPT-2 it is known. */
function preTokenizerOf(metadata: MetadataReader, bad: Complaint): ByteLevelData["pre"] {
  const isGpt2 = metadata.text("general.architecture") === "gpt2";
  const name = isGpt2
    ? metadata.text("tokenizer.ggml.pre", "gpt-2")
    : metadata.text("tokenizer.ggml.pre");
  const known = preTokenizers.find((each) => each === name);
  if (known) return known;
  throw bad(`its pre-tokenizer is "${name}"; known are ${preTokenizers.join(", ")}`);
}
