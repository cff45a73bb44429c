import { createHash } from "node:crypto";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";
import type { GgufTokenizerData } from "../gguf/tokenizerDataOf.js";
import { fromByteLetters, toByteLetters } from "./byteLetters.js";
import { mergesFromScores } from "./mergesFromScores.js";
import { byteLevel, wordPatterns, wordsByPattern } from "./preTokenizerPatterns.js";
import { type PretrainedTokenizer, pretrainedTokenizer } from "./pretrainedTokenizer.js";
import { type AddedTokenJson, parseMerges, type TokenizerJson } from "./tokenizerJson.js";

/** Types of tokens in GGUF files. Source: `llama_token_type` of llama.cpp. */
const unknown = 2;
const control = 3;
const userDefined = 4;

/**
 * The tokenizer that a GGUF file describes. `save` writes it as `tokenizer.json` and `tokenizer_config.json`, which
 * transformers opens with the same ids; several tokens that end a text also as `generation_config.json`.
 *
 * Generation ends at the tokens that the file names for the end of a text, of a turn and of a message, as in llama.cpp.
 *
 * If llama.cpp differs from the tokenizer that a model was published with, this follows the published one: Qwen2
 * normalises texts (NFC), a word of Llama 3 that is a token becomes that token, and SentencePiece puts its first space
 * before the first word only.
 *
 * @throws MetaError `BAD_CHECKPOINT` when two tokens have the same text
 */
export function ggufTokenizer(data: GgufTokenizerData): PretrainedTokenizer {
  const { tokens, bosId, eosId, eotId, eomId, paddingId, chatTemplate, namedChatTemplates } = data;
  const textOf = (id: number | undefined) => (id === undefined ? undefined : tokens[id]);
  const special = {
    bos_token: textOf(bosId),
    eos_token: textOf(eosId),
    unk_token: textOf(unknownIdOf(data)),
    pad_token: textOf(paddingId),
  };
  const ends = [eosId, eotId, eomId].filter((id) => id !== undefined);
  const eosTokenIds = [...new Set(ends)];
  const json = { ...tokenizerJsonOf(data), ...aroundText(data) };
  const contents = JSON.stringify(
    { version: "1.0", truncation: null, padding: null, ...json },
    null,
    2,
  );
  return pretrainedTokenizer(json, {
    name: `gguf-${createHash("sha256").update(contents).digest("hex").slice(0, 12)}`,
    special,
    chatTemplate,
    eosTokenIds,
    async save(directory, maxTokens) {
      const config = {
        tokenizer_class: "PreTrainedTokenizerFast", // opens tokenizer.json as it is
        ...special,
        model_max_length: maxTokens,
        clean_up_tokenization_spaces: false,
        chat_template: templatesJson(chatTemplate, namedChatTemplates),
      };
      const write = (name: string, text: string) =>
        writeTextAtomically(join(directory, name), `${text}\n`);
      await write("tokenizer.json", contents);
      await write("tokenizer_config.json", JSON.stringify(config, null, 2));
      if (eosTokenIds.length > 1) {
        const generation = { bos_token_id: bosId, eos_token_id: eosTokenIds };
        await write("generation_config.json", JSON.stringify(generation, null, 2));
      }
    },
  });
}

/** Chat templates as `tokenizer_config.json` has them: one alone, or a list with names. */
function templatesJson(
  template: string | undefined,
  named: GgufTokenizerData["namedChatTemplates"],
): string | undefined | readonly { readonly name: string; readonly template: string }[] {
  if (!named) return template;
  const all = { ...(template !== undefined && { default: template }), ...named };
  return Object.entries(all).map(([name, template]) => ({ name, template }));
}

function tokenizerJsonOf(data: GgufTokenizerData): TokenizerJson {
  const added_tokens = addedTokens(data);
  if (data.kind === "gpt2") return { added_tokens, ...byteLevelJson(data) };
  return { added_tokens, ...sentencePieceJson(data) };
}

function unknownIdOf({ unknownId, tokenTypes }: GgufTokenizerData): number | undefined {
  const ofType = tokenTypes?.indexOf(unknown) ?? -1;
  return unknownId ?? (ofType === -1 ? undefined : ofType);
}

/** Added tokens: control tokens, user-defined tokens, and all that the metadata name as special. */
function addedTokens(data: GgufTokenizerData): (AddedTokenJson & { id: number })[] {
  const { tokens, tokenTypes, bosId, eosId, eotId, eomId, paddingId } = data;
  const named = new Set([bosId, eosId, eotId, eomId, unknownIdOf(data), paddingId]);
  return tokens.flatMap((content, id) => {
    const type = tokenTypes?.[id];
    const special = type === control || named.has(id);
    if (!special && type !== userDefined) return [];
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...flags, special }];
  });
}

function byteLevelJson({
  tokens,
  tokenTypes,
  merges,
  pre,
}: Extract<GgufTokenizerData, { kind: "gpt2" }>): Omit<TokenizerJson, "added_tokens"> {
  // Added tokens are stored verbatim, and some converters have lost their types.
  const spelled = tokens.map((token, id) => {
    const isAdded = tokenTypes?.[id] === control || tokenTypes?.[id] === userDefined;
    return isAdded || fromByteLetters(token) ? token : toByteLetters(Buffer.from(token));
  });
  return {
    normalizer: pre === "qwen2" ? { type: "NFC" } : null,
    pre_tokenizer: preTokenizers[pre](),
    decoder: byteLevel(),
    model: {
      ...bpe,
      ignore_merges: pre === "llama-bpe",
      vocab: idsOf(spelled),
      merges: parseMerges(merges),
    },
  };
}

const preTokenizers = {
  "gpt-2": () => byteLevel(),
  smollm: () => ({
    type: "Sequence",
    pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel()],
  }),
  "llama-bpe": () => wordsByPattern(wordPatterns.llama3),
  qwen2: () => wordsByPattern(wordPatterns.qwen2),
};

function sentencePieceJson(
  data: Extract<GgufTokenizerData, { kind: "llama" }>,
): Omit<TokenizerJson, "added_tokens"> {
  const { tokens, scores, addSpacePrefix = true } = data;
  const unknownId = unknownIdOf(data);
  const space = "\u2581";
  const decoders = [
    { type: "Replace", pattern: { String: space }, content: " " },
    { type: "ByteFallback" },
    { type: "Fuse" },
    ...(addSpacePrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
  ];
  return {
    normalizer: null,
    pre_tokenizer: {
      type: "Metaspace",
      replacement: space,
      prepend_scheme: addSpacePrefix ? "first" : "never",
      split: false,
    },
    decoder: { type: "Sequence", decoders },
    model: {
      ...bpe,
      unk_token: unknownId === undefined ? null : (tokens[unknownId] ?? null),
      fuse_unk: true,
      byte_fallback: true,
      vocab: idsOf(tokens),
      merges: mergesFromScores(tokens, scores),
    },
  };
}

/** Settings that all models have in common. */
const bpe = {
  type: "BPE",
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
};

/** Tokens around texts. SentencePiece and Llama 3 begin texts with `bos` unless the file says otherwise. */
function aroundText(data: GgufTokenizerData): Pick<TokenizerJson, "post_processor"> {
  const { kind, tokens, bosId, eosId, addEos = false } = data;
  const { addBos = kind === "llama" || data.pre === "llama-bpe" } = data;
  const marks = (isWanted: boolean, id: number | undefined) =>
    isWanted && id !== undefined ? [{ id: tokens[id] as string, number: id }] : [];
  const [before, after] = [marks(addBos, bosId), marks(addEos, eosId)];
  if (before.length + after.length === 0) return { post_processor: null };
  const piece = ({ id }: { id: string }, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: "A" | "B", type_id: number) => [
    ...before.map((mark) => piece(mark, type_id)),
    { Sequence: { id, type_id } },
    ...after.map((mark) => piece(mark, type_id)),
  ];
  return {
    post_processor: {
      type: "TemplateProcessing",
      single: text("A", 0),
      pair: [...text("A", 0), ...text("B", 1)],
      special_tokens: Object.fromEntries(
        [...before, ...after].map(({ id, number }) => [id, { id, ids: [number], tokens: [id] }]),
      ),
    },
  };
}

function idsOf(tokens: readonly string[]): Record<string, number> {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    const first = ids.get(token);
    if (first !== undefined) {
      throw new MetaError(
        "BAD_CHECKPOINT",
        `Tokens ${first} and ${id} of the GGUF file have the same text, ${JSON.stringify(token)}.`,
      );
    }
    ids.set(token, id);
  });
  return Object.fromEntries(ids);
}
