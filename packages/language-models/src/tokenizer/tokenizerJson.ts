import { MetaError } from "@metalearn/core";
import { z } from "zod";

/**
 * The parts of Hugging Face's `tokenizer.json` that affect ids. Truncation and padding are ignored, as in
 * transformers. Components are checked where they are built.
 */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedTokenJson[];
  readonly normalizer?: unknown;
  readonly pre_tokenizer?: unknown;
  readonly post_processor?: unknown;
  readonly decoder?: unknown;
  readonly model: BpeJson;
}

/** An added token; its id is that of its content in the vocabulary, or the next free one. */
export type AddedTokenJson = z.infer<typeof addedTokenSchema>;

/** The model of a `tokenizer.json`. */
interface BpeJson {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
  readonly unk_token?: string | null | undefined;
  readonly fuse_unk?: boolean | null | undefined;
  readonly byte_fallback?: boolean | null | undefined;
  readonly ignore_merges?: boolean | null | undefined;
}

/** An added token; missing fields have the defaults of Python's `AddedToken`. */
export const addedTokenSchema = z
  .looseObject({
    content: z.string(),
    single_word: z.boolean().default(false),
    lstrip: z.boolean().default(false),
    rstrip: z.boolean().default(false),
    special: z.boolean().default(false),
    normalized: z.boolean().optional(),
  })
  .transform(({ content, single_word, lstrip, rstrip, special, normalized = !special }) => ({
    content,
    single_word,
    lstrip,
    rstrip,
    special,
    normalized,
  }));

const absent = z.literal("").nullish();

const schema = z.looseObject({
  version: z.literal("1.0").optional(),
  added_tokens: z.array(addedTokenSchema).default([]),
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  post_processor: z.unknown().optional(),
  decoder: z.unknown().optional(),
  model: z.looseObject({
    type: z.literal("BPE").default("BPE"),
    vocab: z.custom<Readonly<Record<string, number>>>(isVocabulary, "expected ids by token"),
    merges: z.custom<readonly unknown[]>(Array.isArray, "expected a list of pairs"),
    dropout: z.literal(0).nullish(),
    continuing_subword_prefix: absent,
    end_of_word_suffix: absent,
    unk_token: z.string().nullish(),
    fuse_unk: z.boolean().nullish(),
    byte_fallback: z.boolean().nullish(),
    ignore_merges: z.boolean().nullish(),
  }),
});

/**
 * Checks the contents of a `tokenizer.json`.
 *
 * @throws MetaError `BAD_CHECKPOINT` when it is malformed, or has a model that is not implemented
 */
export function parseTokenizerJson(json: unknown): TokenizerJson {
  const type = z.looseObject({ model: z.looseObject({ type: z.string() }) }).safeParse(json).data;
  if (type && type.model.type !== "BPE") {
    throw new MetaError(
      "BAD_CHECKPOINT",
      `The tokenizer is a ${type.model.type}; only a BPE, such as those of GPT-2, Llama, Mistral and Qwen, is implemented.`,
    );
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new MetaError(
      "BAD_CHECKPOINT",
      `It is no tokenizer that can be read. ${issues.join("; ")}.`,
    );
  }
  const { model, ...rest } = result.data;
  return { ...rest, model: { ...model, merges: parseMerges(model.merges) } };
}

/**
 * Pairs of tokens from a list of pairs or of texts with one space each, as in `merges.txt`.
 *
 * @throws MetaError `BAD_CHECKPOINT` for an entry that is no pair
 */
export function parseMerges(merges: readonly unknown[]): (readonly [string, string])[] {
  const lines = merges.filter(
    (merge) => typeof merge !== "string" || !merge.startsWith("#version"),
  );
  return lines.map((merge, rank) => {
    const pair = typeof merge === "string" ? merge.split(" ") : merge;
    if (Array.isArray(pair) && pair.length === 2) {
      const [left, right] = pair;
      if (typeof left === "string" && typeof right === "string") return [left, right];
    }
    throw new MetaError(
      "BAD_CHECKPOINT",
      `Merge ${rank + 1} should be two tokens with a space between, but is ${JSON.stringify(merge)}.`,
    );
  });
}

/** True for an object of integers of at least 0. */
export function isVocabulary(value: unknown): value is Record<string, number> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((id) => Number.isInteger(id) && id >= 0 && id <= 0x7fffffff);
}
