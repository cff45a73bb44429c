import { MetaError } from "@metalearn/core";
import { z } from "zod";
import { type AddedTokenJson, addedTokenSchema } from "./tokenizerJson.js";

/** The parts of a `tokenizer_config.json` that affect ids, and the special tokens of other files. */
export interface TokenizerConfig {
  readonly tokenizerClass: string | undefined;
  readonly addPrefixSpace: boolean | undefined;
  readonly addBos: boolean | undefined;
  readonly addEos: boolean | undefined;
  /** Special tokens by name: `bos_token` and so on. */
  readonly special: ReadonlyMap<string, AddedTokenJson>;
  /** More special tokens. */
  readonly extra: readonly AddedTokenJson[];
  /** Tokens that the files list as added, in order of their ids. */
  readonly added: readonly AddedTokenJson[];
  readonly chatTemplate: string | undefined;
}

/** The contents of the files, parsed; `undefined` for missing ones. */
export interface ConfigFiles {
  readonly config: unknown;
  readonly specialTokensMap: unknown;
  readonly addedTokens: unknown;
  /** Text of `chat_template.jinja`. */
  readonly chatTemplate: string | undefined;
}

const token = z.union([
  z.string().transform((content) => addedTokenSchema.parse({ content, special: true })),
  z
    .looseObject({ content: z.string() })
    .transform((value) => addedTokenSchema.parse({ ...value, special: true })),
]);

const configSchema = z.looseObject({
  tokenizer_class: z.string().nullish(),
  add_prefix_space: z.boolean().nullish(),
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  split_special_tokens: z
    .literal(false, "special tokens that are read as text are not implemented")
    .nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), addedTokenSchema).optional(),
  additional_special_tokens: z.array(token).nullish(),
  extra_special_tokens: z.union([z.array(token), z.record(z.string(), token)]).nullish(),
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

/**
 * Reads the files beside a vocabulary, as transformers 5 does: `added_tokens_decoder` in the config replaces the two
 * older files.
 *
 * Source: `PreTrainedTokenizerBase._from_pretrained` of transformers.
 *
 * @throws MetaError `BAD_CHECKPOINT`
 */
export function tokenizerConfig(files: ConfigFiles): TokenizerConfig {
  const isOlder =
    configOf(files.config, "tokenizer_config.json").added_tokens_decoder === undefined;
  const values = {
    ...(files.config as object),
    ...(isOlder && configOf(files.specialTokensMap, "special_tokens_map.json")),
  };
  const config = configOf(values, "tokenizer_config.json");
  const special = new Map(
    Object.entries(values).flatMap(([name, value]) => {
      const found = name.endsWith("_token") ? token.safeParse(value).data : undefined;
      return found ? [[name, found]] : [];
    }),
  );
  const more = config.extra_special_tokens ?? config.additional_special_tokens ?? [];
  const extra = Array.isArray(more) ? more : Object.values(more);
  const named = new Set([...special.values(), ...extra].map(({ content }) => content));
  return {
    tokenizerClass: config.tokenizer_class ?? undefined,
    addPrefixSpace: config.add_prefix_space ?? undefined,
    addBos: config.add_bos_token ?? undefined,
    addEos: config.add_eos_token ?? undefined,
    special,
    extra,
    added: isOlder
      ? olderTokens(files.addedTokens, named)
      : inOrder(
          Object.entries(config.added_tokens_decoder ?? {}).map(([id, of]) => [Number(id), of]),
        ),
    chatTemplate: files.chatTemplate ?? defaultTemplate(config.chat_template),
  };
}

function configOf(value: unknown, name: string): z.infer<typeof configSchema> {
  const result = configSchema.safeParse(value ?? {});
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new MetaError("BAD_CHECKPOINT", `${name} cannot be read. ${issues.join("; ")}.`);
}

/** Added tokens from the contents of `added_tokens.json`, ids by text. */
function olderTokens(value: unknown, named: ReadonlySet<string>): readonly AddedTokenJson[] {
  const result = z.record(z.string(), z.int().min(0)).safeParse(value ?? {});
  if (!result.success) {
    throw new MetaError("BAD_CHECKPOINT", "added_tokens.json should be an object of ids by text.");
  }
  const tokens = Object.entries(result.data).map(([content, id]): [number, AddedTokenJson] => [
    id,
    addedTokenSchema.parse({ content, special: named.has(content) }),
  ]);
  return inOrder(tokens);
}

function inOrder(tokens: readonly (readonly [number, AddedTokenJson])[]): AddedTokenJson[] {
  return [...tokens].sort(([a], [b]) => a - b).map(([, token]) => token);
}

function defaultTemplate(
  template: z.infer<typeof configSchema>["chat_template"],
): string | undefined {
  if (typeof template === "string") return template;
  return template?.find(({ name }) => name === "default")?.template;
}
