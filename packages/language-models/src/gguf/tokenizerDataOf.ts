import type { Complaint } from "@metalearn/core/files";
import { type MetadataReader, metadataReader } from "./metadataReader.js";
import { ggufComplaint } from "./openContainer.js";
import type { GgufFile } from "./openGguf.js";
import { specialToken } from "./specialTokens.js";

/** Pre-tokenizers of byte-level BPE, by llama.cpp's names. */
const preTokenizers = ["gpt-2", "llama-bpe", "qwen2", "smollm"] as const;

/** Description of a tokenizer in the metadata of a GGUF file. */
export type GgufTokenizerData = CommonData & (ByteLevelData | SentencePieceData);

interface CommonData {
  /** Texts of the tokens, by id. */
  readonly tokens: readonly string[];
  /** Types of the tokens, by id: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
  readonly tokenTypes?: readonly number[];
  readonly bosId?: number;
  readonly eosId?: number;
  /** Token at the end of a turn of a chat, such as `<|eot_id|>`. */
  readonly eotId?: number;
  /** Token at the end of a message that calls a tool. */
  readonly eomId?: number;
  readonly unknownId?: number;
  readonly paddingId?: number;
  /** True if every text begins with `bosId`; absent if the file does not say. */
  readonly addBos?: boolean;
  readonly addEos?: boolean;
  /** True if a space is put before every text; absent if the file does not say. */
  readonly addSpacePrefix?: boolean;
  /** Default chat template, in Jinja. */
  readonly chatTemplate?: string;
  /** Other chat templates by name, such as `tool_use`. */
  readonly namedChatTemplates?: Readonly<Record<string, string>>;
}

/** Byte-level BPE, as in GPT-2. */
interface ByteLevelData {
  readonly kind: "gpt2";
  readonly pre: (typeof preTokenizers)[number];
  /** Pairs of tokens, separated by a space, in order of rank. */
  readonly merges: readonly string[];
}

/** SentencePiece's BPE, which merges by score, as in Llama 2. */
interface SentencePieceData {
  readonly kind: "llama";
  /** Scores of the tokens, by id; the highest is merged first. */
  readonly scores: readonly number[];
}

/**
 * The tokenizer that a GGUF file describes.
 *
 * @throws MetaError `BAD_CHECKPOINT` for an unknown tokenizer or pre-tokenizer, or an incomplete description
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
    eotId: idOf("eot", metadata, tokens, bad),
    eomId: idOf("eom", metadata, tokens, bad),
    unknownId: idOf("unknown", metadata, tokens, bad),
    paddingId: idOf("padding", metadata, tokens, bad),
    addBos: metadata.flag("tokenizer.ggml.add_bos_token", undefined),
    addEos: metadata.flag("tokenizer.ggml.add_eos_token", undefined),
    addSpacePrefix: metadata.flag("tokenizer.ggml.add_space_prefix", undefined),
    ...chatTemplatesOf(metadata, values.keys()),
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

const templateKey = "tokenizer.chat_template";

/** Chat templates: the default one, which may also be the one of that name, and others. */
function chatTemplatesOf(
  metadata: MetadataReader,
  keys: Iterable<string>,
): Pick<CommonData, "chatTemplate" | "namedChatTemplates"> {
  const prefix = `${templateKey}.`;
  const names = [...keys].filter((key) => key.startsWith(prefix));
  const { default: ofName, ...others } = Object.fromEntries(
    names.map((key) => [key.slice(prefix.length), metadata.text(key)]),
  );
  return {
    chatTemplate: metadata.text(templateKey, ofName),
    ...(Object.keys(others).length > 0 && { namedChatTemplates: others }),
  };
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

/** The pre-tokenizer. Files older than llama.cpp's key for it do not name one; for a GPT-2 it is known. */
function preTokenizerOf(metadata: MetadataReader, bad: Complaint): ByteLevelData["pre"] {
  const isGpt2 = metadata.text("general.architecture") === "gpt2";
  const name = isGpt2
    ? metadata.text("tokenizer.ggml.pre", "gpt-2")
    : metadata.text("tokenizer.ggml.pre");
  const known = preTokenizers.find((each) => each === name);
  if (known) return known;
  throw bad(`its pre-tokenizer is "${name}"; known are ${preTokenizers.join(", ")}`);
}
