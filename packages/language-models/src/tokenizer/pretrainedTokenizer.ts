import type { Tokenizer } from "@metalearn/core";
import { chatWriter } from "./chatTemplate.js";
import { decoder } from "./decoder.js";
import { pipeline } from "./pipeline.js";
import { type AroundText, aroundText } from "./postProcessor.js";
import { textEnds } from "./textEnds.js";
import type { AddedTokenJson, TokenizerJson } from "./tokenizerJson.js";
import { vocabulary } from "./vocabulary.js";

/** The tokenizer of a checkpoint. */
export interface PretrainedTokenizer extends Tokenizer {
  /** The first `limit` tokens of `encode(text)`, without reading much more of the text. */
  encodeStart(text: string, limit: number): number[];
  /** The last `limit` tokens of `encode(text)`, without reading much more of the text. */
  encodeEnd(text: string, limit: number): number[];
  /** Writes it into a checkpoint folder; files that it was read from are copied byte for byte. */
  save(directory: string, maxTokens: number): Promise<void>;
  readonly special: SpecialTokens;
  /**
   * Ids that the checkpoint puts around a text that is no part of a longer one, such as Llama's beginning-of-sequence
   * token. `encode` adds none, because prompts are joined from pieces.
   */
  readonly around: AroundText;
  /** The chat template, in Jinja, if there is one. */
  readonly chatTemplate: string | undefined;
}

/** Tokens that are marks rather than text. */
export interface SpecialTokens {
  /** The id of the token at the beginning of sequences. */
  readonly bosId: number | undefined;
  /** The id of the token at the end of sequences. */
  readonly eosId: number | undefined;
  readonly padId: number | undefined;
  readonly unknownId: number | undefined;
  /** The ids of all special tokens. */
  readonly ids: ReadonlySet<number>;
}

/** The parts of a {@link PretrainedTokenizer} that are not in its `tokenizer.json`. */
export interface PretrainedOptions extends Pick<PretrainedTokenizer, "name" | "save"> {
  /** More added tokens, in lists that are added one after the other. */
  readonly added?: readonly (readonly AddedTokenJson[])[] | undefined;
  /** The texts of special tokens by name, such as `bos_token`. */
  readonly special?: SpecialTexts | undefined;
  readonly chatTemplate?: string | undefined;
  /** Ids of tokens that end a text. @default that of `eos_token` */
  readonly eosTokenIds?: readonly number[] | undefined;
  /** Replaces the tokens that the post-processor puts around texts. */
  readonly around?: { readonly bos: boolean; readonly eos: boolean } | undefined;
}

/** Special tokens by their texts. */
type SpecialTexts = Readonly<
  Partial<Record<"bos_token" | "eos_token" | "pad_token" | "unk_token", string | undefined>>
>;

/**
 * Makes a tokenizer from a `tokenizer.json`, with the ids of Hugging Face's tokenizers.
 *
 * @throws MetaError `BAD_CHECKPOINT` for components that are not implemented, by name
 */
export function pretrainedTokenizer(
  json: TokenizerJson,
  { name, save, added = [], special = {}, chatTemplate, eosTokenIds, around }: PretrainedOptions,
): PretrainedTokenizer {
  const tokens = vocabulary(new Map(Object.entries(json.model.vocab)), json.added_tokens, ...added);
  const steps = pipeline(json, tokens);
  const texts: string[] = [];
  for (const [token, id] of tokens.model) texts[id] = token;
  for (const { id, content, normalized } of tokens.added) {
    texts[id] = normalized ? steps.normalize(content) : content;
  }
  const decodeTexts = decoder(json.decoder);
  const idOf = (text: string | undefined) => (text === undefined ? undefined : tokens.idOf(text));
  const [bosId, eosId] = [idOf(special.bos_token), idOf(special.eos_token)];
  const template = aroundText(json.post_processor);
  return {
    name,
    vocabularySize: tokens.size,
    encode: (text) => steps.encode(text, false),
    ...textEnds(steps),
    decode: (ids) => decodeTexts(ids.flatMap((id) => texts[id] ?? [])),
    save,
    eosTokenIds: eosTokenIds ?? (eosId === undefined ? [] : [eosId]),
    special: {
      bosId,
      eosId,
      padId: idOf(special.pad_token),
      unknownId: idOf(special.unk_token),
      ids: new Set(tokens.added.filter((token) => token.special).map(({ id }) => id)),
    },
    around: around
      ? {
          before: around.bos && bosId !== undefined ? [bosId] : [],
          after: around.eos && eosId !== undefined ? [eosId] : [],
        }
      : template,
    chatTemplate,
    ...(chatTemplate !== undefined && { applyChatTemplate: chatWriter(chatTemplate, special) }),
  };
}
